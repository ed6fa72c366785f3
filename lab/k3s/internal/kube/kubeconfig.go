// Package kube makes clients of the Kubernetes API and the files that others make theirs from.
package kube

import (
	"fmt"
	"time"

	"picluster/lab/k3s/internal/certs"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig holds its certificates inline.
func Kubeconfig(server string, ca []byte, p certs.Pair) ([]byte, error) {
	return clientcmd.Write(config(server, &api.Cluster{CertificateAuthorityData: ca}, &api.AuthInfo{ClientCertificateData: p.Cert, ClientKeyData: p.Key}))
}

// KubeconfigFiles refers to CA and BASE.crt/.key by path.
func KubeconfigFiles(server, caFile, base string) ([]byte, error) {
	return clientcmd.Write(config(server, &api.Cluster{CertificateAuthority: caFile}, &api.AuthInfo{ClientCertificate: base + ".crt", ClientKey: base + ".key"}))
}

func config(server string, cluster *api.Cluster, user *api.AuthInfo) api.Config {
	cluster.Server = server
	const name = "default"
	c := api.NewConfig()
	c.Clusters[name], c.AuthInfos[name], c.CurrentContext = cluster, user, name
	c.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	return *c
}

// Client reads a kubeconfig file. Requests end after 15 s.
func Client(path string) (*rest.Config, *kubernetes.Clientset, error) {
	rc, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	rc.QPS, rc.Burst, rc.Timeout = 50, 100, 15*time.Second
	cs, err := kubernetes.NewForConfig(rc)
	return rc, cs, err
}
