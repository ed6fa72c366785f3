package config

// Kind is how a key's value is written.
type Kind int

// The kinds of values.
const (
	String Kind = iota
	Bool
	Int
	Duration
	List
)

// Who takes a key.
const (
	Both   = "both"
	Server = "server"
	Agent  = "agent"
)

// Key is one configuration key, which is a flag of the same name.
type Key struct {
	Name, Alias string
	Kind        Kind
	Env         string
	Who         string
	Acts        bool // the lab does something with it; otherwise it is accepted and logged as ignored
}

// Keys of K3s (reference/k3s.md section 1), in its order.
var Keys = []Key{
	{"config", "c", String, "K3S_CONFIG_FILE", Both, true},
	{"debug", "", Bool, "K3S_DEBUG", Both, true},
	{"v", "", Int, "", Both, true},
	{"vmodule", "", String, "", Both, false},
	{"log", "l", String, "", Both, false},
	{"alsologtostderr", "", Bool, "", Both, false},
	{"data-dir", "d", String, "K3S_DATA_DIR", Both, true},

	{"token", "t", String, "K3S_TOKEN", Both, true},
	{"token-file", "", String, "K3S_TOKEN_FILE", Both, true},
	{"agent-token", "", String, "K3S_AGENT_TOKEN", Server, true},
	{"agent-token-file", "", String, "K3S_AGENT_TOKEN_FILE", Server, true},
	{"server", "s", String, "K3S_URL", Both, true},
	{"cluster-init", "", Bool, "K3S_CLUSTER_INIT", Server, true},
	{"cluster-reset", "", Bool, "K3S_CLUSTER_RESET", Server, false},
	{"cluster-reset-restore-path", "", String, "", Server, false},
	{"datastore-endpoint", "", String, "K3S_DATASTORE_ENDPOINT", Server, false},
	{"datastore-cafile", "", String, "K3S_DATASTORE_CAFILE", Server, false},
	{"datastore-certfile", "", String, "K3S_DATASTORE_CERTFILE", Server, false},
	{"datastore-keyfile", "", String, "K3S_DATASTORE_KEYFILE", Server, false},
	{"kine-tls", "", Bool, "", Server, false},

	{"bind-address", "", String, "", Both, false},
	{"https-listen-port", "", Int, "", Server, false},
	{"advertise-address", "", String, "", Server, true},
	{"advertise-port", "", Int, "", Server, false},
	{"tls-san", "", List, "", Server, true},
	{"tls-san-security", "", Bool, "", Server, false},
	{"cluster-cidr", "", List, "", Server, true},
	{"service-cidr", "", List, "", Server, true},
	{"service-node-port-range", "", String, "", Server, true},
	{"cluster-dns", "", List, "", Server, true},
	{"cluster-domain", "", String, "", Server, true},
	{"flannel-backend", "", String, "", Server, true},
	{"flannel-ipv6-masq", "", Bool, "", Server, false},
	{"flannel-external-ip", "", Bool, "", Server, false},
	{"egress-selector-mode", "", String, "", Server, false},
	{"servicelb-namespace", "", String, "", Server, false},
	{"node-ip", "i", List, "", Both, true},
	{"node-external-ip", "", List, "", Both, false},
	{"node-internal-dns", "", List, "", Both, false},
	{"node-external-dns", "", List, "", Both, false},
	{"resolv-conf", "", String, "K3S_RESOLV_CONF", Both, true},
	{"flannel-iface", "", String, "", Both, false},
	{"flannel-conf", "", String, "", Both, false},
	{"flannel-cni-conf", "", String, "", Both, false},
	{"vpn-auth", "", String, "K3S_VPN_AUTH", Both, false},
	{"vpn-auth-file", "", String, "K3S_VPN_AUTH_FILE", Both, false},
	{"lb-server-port", "", Int, "K3S_LB_SERVER_PORT", Both, true},
	{"disable-apiserver-lb", "", Bool, "", Agent, false},

	{"write-kubeconfig", "o", String, "K3S_KUBECONFIG_OUTPUT", Server, true},
	{"write-kubeconfig-mode", "", String, "K3S_KUBECONFIG_MODE", Server, true},
	{"write-kubeconfig-group", "", String, "K3S_KUBECONFIG_GROUP", Server, true},
	{"write-kubeconfig-name", "", String, "", Server, false},
	{"helm-job-image", "", String, "", Server, false},
	{"helm-controller-arg", "", List, "", Server, false},
	{"disable", "", List, "", Server, true},
	{"disable-scheduler", "", Bool, "", Server, true},
	{"disable-cloud-controller", "", Bool, "", Server, false},
	{"disable-kube-proxy", "", Bool, "", Server, true},
	{"disable-network-policy", "", Bool, "", Server, false},
	{"disable-helm-controller", "", Bool, "", Server, false},
	{"disable-apiserver", "", Bool, "", Server, false},
	{"disable-controller-manager", "", Bool, "", Server, false},
	{"disable-etcd", "", Bool, "", Server, false},
	{"disable-agent", "", Bool, "", Server, true},
	{"embedded-registry", "", Bool, "", Server, false},
	{"supervisor-metrics", "", Bool, "", Server, false},
	{"enable-pprof", "", Bool, "", Both, false},
	{"kube-apiserver-arg", "", List, "", Server, true},
	{"kube-controller-manager-arg", "", List, "", Server, true},
	{"kube-controller-arg", "", List, "", Server, true},
	{"kube-scheduler-arg", "", List, "", Server, true},
	{"kube-cloud-controller-manager-arg", "", List, "", Server, false},
	{"kube-cloud-controller-arg", "", List, "", Server, false},
	{"etcd-arg", "", List, "", Server, true},
	{"kubelet-arg", "", List, "", Both, true},
	{"kube-proxy-arg", "", List, "", Both, true},
	{"secrets-encryption", "", Bool, "", Server, false},
	{"secrets-encryption-provider", "", String, "", Server, false},
	{"default-local-storage-path", "", String, "", Server, false},

	{"etcd-expose-metrics", "", Bool, "", Server, true},
	{"etcd-disable-snapshots", "", Bool, "", Server, false},
	{"etcd-snapshot-name", "", String, "", Server, false},
	{"etcd-snapshot-schedule-cron", "", String, "", Server, false},
	{"etcd-snapshot-retention", "", Int, "", Server, false},
	{"etcd-snapshot-dir", "", String, "", Server, false},
	{"etcd-snapshot-compress", "", Bool, "", Server, false},
	{"etcd-snapshot-reconcile-interval", "", Duration, "", Server, false},
	{"etcd-s3", "", Bool, "", Server, false},
	{"etcd-s3-endpoint", "", String, "", Server, false},
	{"etcd-s3-endpoint-ca", "", String, "", Server, false},
	{"etcd-s3-skip-ssl-verify", "", Bool, "", Server, false},
	{"etcd-s3-insecure", "", Bool, "", Server, false},
	{"etcd-s3-access-key", "", String, "AWS_ACCESS_KEY_ID", Server, false},
	{"etcd-s3-secret-key", "", String, "AWS_SECRET_ACCESS_KEY", Server, false},
	{"etcd-s3-session-token", "", String, "AWS_SESSION_TOKEN", Server, false},
	{"etcd-s3-bucket", "", String, "", Server, false},
	{"etcd-s3-folder", "", String, "", Server, false},
	{"etcd-s3-bucket-lookup-type", "", String, "", Server, false},
	{"etcd-s3-region", "", String, "", Server, false},
	{"etcd-s3-retention", "", Int, "", Server, false},
	{"etcd-s3-timeout", "", Duration, "", Server, false},
	{"etcd-s3-proxy", "", String, "", Server, false},
	{"etcd-s3-config-secret", "", String, "", Server, false},

	{"node-name", "", String, "K3S_NODE_NAME", Both, true},
	{"with-node-id", "", Bool, "", Both, false},
	{"node-label", "", List, "", Both, true},
	{"node-taint", "", List, "", Both, true},
	{"protect-kernel-defaults", "", Bool, "", Both, true},
	{"selinux", "", Bool, "K3S_SELINUX", Both, false},
	{"image-credential-provider-bin-dir", "", String, "", Both, false},
	{"image-credential-provider-config", "", String, "", Both, false},
	{"container-runtime-endpoint", "", String, "", Both, false},
	{"image-service-endpoint", "", String, "", Both, false},
	{"docker", "", Bool, "", Both, false},
	{"default-runtime", "", String, "", Both, false},
	{"pause-image", "", String, "", Both, true},
	{"snapshotter", "", String, "", Both, true},
	{"private-registry", "", String, "", Both, false},
	{"system-default-registry", "", String, "K3S_SYSTEM_DEFAULT_REGISTRY", Server, true},
	{"airgap-extra-registry", "", List, "", Both, false},
	{"disable-default-registry-endpoint", "", Bool, "", Both, false},
	{"nonroot-devices", "", Bool, "", Both, false},
	{"prefer-bundled-bin", "", Bool, "", Both, false},
	{"rootless", "", Bool, "", Both, false},
}

// known maps every name and alias that the role takes to its key.
func known(role string) map[string]Key {
	m := map[string]Key{}
	for _, k := range Keys {
		if k.Who != Both && k.Who != role {
			continue
		}
		m[k.Name] = k
		if k.Alias != "" {
			m[k.Alias] = k
		}
	}
	return m
}
