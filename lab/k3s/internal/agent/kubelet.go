package agent

import (
	"net"
	"os"
	"strings"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/process"

	"sigs.k8s.io/yaml"
)

// startKubelet keeps K3s's two places (since 1.32): defaults in a drop-in file, the rest as flags, which win.
func startKubelet(c *config.Config, n node) error {
	resolv, err := resolvConf(c, n.dir)
	if err != nil {
		return err
	}
	raw, err := yaml.Marshal(kubeletDefaults(c, n, resolv))
	if err != nil {
		return err
	}
	if _, err := files.WriteChanged(n.dir+"/etc/kubelet.conf.d/00-k3s-defaults.conf", raw, 0o600); err != nil {
		return err
	}
	process.Component("kubelet", config.ComponentArgs(kubeletFlags(c, n), c.Raw("kubelet-arg"))...)
	return nil
}

func kubeletDefaults(c *config.Config, n node, resolv string) map[string]any {
	out := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"authentication":           map[string]any{"anonymous": map[string]any{"enabled": false}, "webhook": map[string]any{"enabled": true}, "x509": map[string]any{"clientCAFile": n.dir + "/client-ca.crt"}},
		"authorization":            map[string]any{"mode": "Webhook"},
		"cgroupDriver":             "cgroupfs", // the lab's machines have cgroup v1 without systemd's delegation
		"clusterDNS":               []string{n.cluster.ClusterDNS},
		"clusterDomain":            n.cluster.ClusterDomain,
		"containerRuntimeEndpoint": "unix://" + Socket,
		"evictionHard":             map[string]string{"imagefs.available": "5%", "nodefs.available": "5%"},
		"evictionMinimumReclaim":   map[string]string{"imagefs.available": "10%", "nodefs.available": "10%"},
		"failSwapOn":               false,
		"healthzBindAddress":       "127.0.0.1",
		"providerID":               "k3s://" + n.name,
		"readOnlyPort":             0,
		"resolvConf":               resolv,
		"serializeImagePulls":      false,
		"staticPodPath":            n.dir + "/pod-manifests",
		"tlsCertFile":              n.dir + "/serving-kubelet.crt",
		"tlsPrivateKeyFile":        n.dir + "/serving-kubelet.key",
	}
	if c.Bool("protect-kernel-defaults") {
		out["protectKernelDefaults"] = true
	}
	return out
}

func kubeletFlags(c *config.Config, n node) map[string]string {
	flags := map[string]string{"kubeconfig": n.dir + "/kubelet.kubeconfig", "config-dir": n.dir + "/etc/kubelet.conf.d", "hostname-override": n.name,
		"node-ip": n.ip, "node-labels": strings.Join(append([]string{"node.kubernetes.io/instance-type=k3s"}, c.List("node-label")...), ",")}
	if taints := c.List("node-taint"); len(taints) > 0 {
		flags["register-with-taints"] = strings.Join(taints, ",")
	}
	return flags
}

// resolvConf is the configured file, the machine's if pods can use it, or one of our own: a loopback name server is nobody's
// in a pod.
func resolvConf(c *config.Config, dir string) (string, error) {
	if f := c.String("resolv-conf", ""); f != "" {
		return f, nil
	}
	for _, f := range []string{"/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"} {
		if raw, err := os.ReadFile(f); err == nil && usable(string(raw)) {
			return f, nil
		}
	}
	own := dir + "/etc/resolv.conf"
	_, err := files.WriteChanged(own, []byte("nameserver 8.8.8.8\n"), 0o644)
	return own, err
}

func usable(resolv string) bool {
	found := false
	for _, line := range strings.Split(resolv, "\n") {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != "nameserver" {
			continue
		}
		ip := net.ParseIP(f[1])
		if ip == nil || !ip.IsGlobalUnicast() {
			return false
		}
		found = true
	}
	return found
}

func startProxy(c *config.Config, n node) {
	process.Component("kube-proxy", config.ComponentArgs(map[string]string{
		"kubeconfig": n.dir + "/kubeproxy.kubeconfig", "hostname-override": n.name, "cluster-cidr": n.cluster.ClusterCIDR, "proxy-mode": "iptables",
		// the kernel's conntrack table belongs to the host of the lab
		"conntrack-max-per-core": "0", "conntrack-tcp-timeout-established": "0s", "conntrack-tcp-timeout-close-wait": "0s",
		"healthz-bind-address": "127.0.0.1:10256", "metrics-bind-address": "127.0.0.1:10249",
	}, c.Raw("kube-proxy-arg"))...)
}
