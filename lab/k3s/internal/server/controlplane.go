package server

import (
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/process"
)

func (s *server) startAPIServer() {
	process.Component("kube-apiserver", config.ComponentArgs(s.apiServerArgs(), s.c.Raw("kube-apiserver-arg"))...)
}

// startControllers runs controller manager and scheduler; they end when the API does not answer.
func (s *server) startControllers() {
	c := s.c
	extra := append(append([]string{}, c.Raw("kube-controller-arg")...), c.Raw("kube-controller-manager-arg")...)
	process.Component("kube-controller-manager", config.ComponentArgs(s.controllerManagerArgs(), extra)...)
	if !c.Bool("disable-scheduler") {
		process.Component("kube-scheduler", config.ComponentArgs(s.schedulerArgs(), c.Raw("kube-scheduler-arg"))...)
	}
}

func (s *server) apiServerArgs() map[string]string {
	c, tls, issuer := s.c, s.c.Data("server", "tls"), "https://kubernetes.default.svc."+s.cluster.ClusterDomain
	return map[string]string{
		"bind-address": "127.0.0.1", "secure-port": "6444", "advertise-address": c.String("advertise-address", c.NodeIP()),
		"allow-privileged": "true", "anonymous-auth": "false", "authorization-mode": "Node,RBAC", "enable-admission-plugins": "NodeRestriction",
		"service-cluster-ip-range": s.cluster.ServiceCIDR, "service-node-port-range": c.String("service-node-port-range", "30000-32767"),
		"tls-cert-file": tls + "/serving-kube-apiserver.crt", "tls-private-key-file": tls + "/serving-kube-apiserver.key",
		"client-ca-file": tls + "/client-ca.crt", "kubelet-certificate-authority": tls + "/server-ca.crt",
		"kubelet-client-certificate": tls + "/client-kube-apiserver.crt", "kubelet-client-key": tls + "/client-kube-apiserver.key",
		"kubelet-preferred-address-types": "InternalIP,ExternalIP,Hostname",
		"etcd-servers":                    "https://127.0.0.1:2379", "etcd-cafile": tls + "/etcd/server-ca.crt",
		"etcd-certfile": tls + "/etcd/client.crt", "etcd-keyfile": tls + "/etcd/client.key",
		"service-account-issuer": issuer, "api-audiences": issuer + ",k3s",
		"service-account-key-file": tls + "/service.key", "service-account-signing-key-file": tls + "/service.current.key",
		"requestheader-client-ca-file": tls + "/request-header-ca.crt", "requestheader-allowed-names": "system:auth-proxy",
		"requestheader-username-headers": "X-Remote-User", "requestheader-group-headers": "X-Remote-Group", "requestheader-extra-headers-prefix": "X-Remote-Extra-",
		"proxy-client-cert-file": tls + "/client-auth-proxy.crt", "proxy-client-key-file": tls + "/client-auth-proxy.key",
		"enable-aggregator-routing": "true", "enable-bootstrap-token-auth": "true", "profiling": "false", "shutdown-delay-duration": "0s",
	}
}

func (s *server) controllerManagerArgs() map[string]string {
	tls, config := s.c.Data("server", "tls"), s.c.Data("server", "cred", "controller.kubeconfig")
	return map[string]string{
		"kubeconfig": config, "authentication-kubeconfig": config, "authorization-kubeconfig": config,
		"service-account-private-key-file": tls + "/service.current.key", "root-ca-file": tls + "/server-ca.crt",
		"allocate-node-cidrs": "true", "cluster-cidr": s.cluster.ClusterCIDR, "service-cluster-ip-range": s.cluster.ServiceCIDR,
		"use-service-account-credentials": "true", "controllers": "*,tokencleaner", "bind-address": "127.0.0.1", "profiling": "false",
		"cluster-signing-cert-file": tls + "/client-ca.crt", "cluster-signing-key-file": tls + "/client-ca.key",
	}
}

func (s *server) schedulerArgs() map[string]string {
	config := s.c.Data("server", "cred", "scheduler.kubeconfig")
	return map[string]string{"kubeconfig": config, "authentication-kubeconfig": config, "authorization-kubeconfig": config, "bind-address": "127.0.0.1", "profiling": "false"}
}
