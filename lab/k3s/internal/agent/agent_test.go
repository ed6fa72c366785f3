package agent

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"picluster/lab/k3s/internal/config"

	"sigs.k8s.io/yaml"
)

func load(t *testing.T, args ...string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Agent, append([]string{"--config=/nonexistent", "--data-dir=" + t.TempDir()}, args...), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestUsableResolvConf(t *testing.T) {
	for text, want := range map[string]bool{
		"nameserver 192.0.2.53\n":                         true,
		"search x\nnameserver 192.0.2.53\n# nameserver x": true,
		"nameserver 127.0.0.53\n":                         false,
		"nameserver 192.0.2.53\nnameserver ::1\n":         false,
		"search x\n":   false,
		"nameserver\n": false,
	} {
		if got := usable(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestKubeletConfiguration(t *testing.T) {
	c := load(t, "--node-label=a=b", "--node-label=c=d", "--node-taint=x=y:NoSchedule", "--protect-kernel-defaults")
	n := node{dir: "/d", name: "n1", ip: "192.0.2.1", cluster: config.Cluster{ClusterDNS: "10.43.0.10", ClusterDomain: "cluster.local"}}
	flags := kubeletFlags(c, n)
	if flags["node-labels"] != "node.kubernetes.io/instance-type=k3s,a=b,c=d" || flags["register-with-taints"] != "x=y:NoSchedule" || flags["config-dir"] != "/d/etc/kubelet.conf.d" {
		t.Errorf("%v", flags)
	}
	raw, err := yaml.Marshal(kubeletDefaults(c, n, "/etc/resolv.conf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"kind: KubeletConfiguration", "- 10.43.0.10", "providerID: k3s://n1", "staticPodPath: /d/pod-manifests", "protectKernelDefaults: true", "failSwapOn: false"} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
}

func TestContainerdConfiguration(t *testing.T) {
	bin, conf := cniDirs("none", "/d")
	if bin != "/opt/cni/bin" || conf != "/etc/cni/net.d" {
		t.Errorf("none: %s %s", bin, conf)
	}
	bin, conf = cniDirs("vxlan", "/d")
	if bin != "/usr/lib/cni" || conf != "/d/etc/cni/net.d" {
		t.Errorf("vxlan: %s %s", bin, conf)
	}
	text := containerdConfig("rancher/mirrored-pause:3.6", "overlayfs", bin, conf)
	for _, want := range []string{`sandbox_image = "rancher/mirrored-pause:3.6"`, `conf_dir = "/d/etc/cni/net.d"`, `snapshotter = "overlayfs"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if withRegistry("", "a/b") != "a/b" || withRegistry("reg.test", "a/b") != "reg.test/a/b" {
		t.Error("registry")
	}
}

func TestArchives(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"a.tar", "b.tar.gz", "c.tar.zst", "d.txt", "e.tar.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{dir + "/a.tar", dir + "/b.tar.gz", dir + "/c.tar.zst"}
	if got := archives(dir); !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
}

func TestNodePasswordIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("0123\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if p, err := nodePassword(path); err != nil || p != "0123" {
		t.Errorf("%q, %v", p, err)
	}
}

func TestBalancerRemembersAndDemotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lb.json")
	b, err := startBalancer("127.0.0.1:0", "192.0.2.1:6443", path)
	if err != nil {
		t.Fatal(err)
	}
	b.update([]string{"192.0.2.2:6443", "192.0.2.1:6443"})
	b.update(nil) // an empty answer is no news
	b.demote("192.0.2.1:6443")
	if got := b.servers(); !reflect.DeepEqual(got, []string{"192.0.2.2:6443", "192.0.2.1:6443"}) {
		t.Errorf("%q", got)
	}
	again, err := startBalancer("127.0.0.1:0", "192.0.2.9:6443", path)
	if err != nil {
		t.Fatal(err)
	}
	if got := again.servers(); !reflect.DeepEqual(got, []string{"192.0.2.9:6443", "192.0.2.1:6443", "192.0.2.2:6443"}) {
		t.Errorf("after a restart: %q", got)
	}
}
