package agent

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/process"
)

// Socket is containerd's, as K3s has it.
const Socket = "/run/k3s/containerd/containerd.sock"

const containerdState = "/run/k3s/containerd"

// containerdConfig is for containerd 1.6 (Debian 12). oom_score_adj can't be lowered in the lab's machines.
func containerdConfig(pause, snapshotter, binDir, confDir string) string {
	return fmt.Sprintf(`version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = %q
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = %q
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = %q
    conf_dir = %q
`, pause, snapshotter, binDir, confDir)
}

// cniDirs: with flannel-backend none it is up to the network's own installer, at the usual places.
func cniDirs(backend, dir string) (bin, conf string) {
	if backend == "none" {
		return "/opt/cni/bin", "/etc/cni/net.d"
	}
	return "/usr/lib/cni", dir + "/etc/cni/net.d"
}

func withRegistry(registry, image string) string {
	if registry == "" {
		return image
	}
	return registry + "/" + image
}

func startContainerd(ctx context.Context, c *config.Config, n node) error {
	bin, conf := cniDirs(n.cluster.FlannelBackend, n.dir)
	if err := os.MkdirAll(conf, 0o755); err != nil {
		return err
	}
	pause := c.String("pause-image", withRegistry(n.registry, "rancher/mirrored-pause:3.6"))
	path := n.dir + "/etc/containerd/config.toml"
	if _, err := files.WriteChanged(path, []byte(containerdConfig(pause, c.String("snapshotter", "overlayfs"), bin, conf)), 0o600); err != nil {
		return err
	}
	program, err := exec.LookPath("containerd")
	if err != nil {
		return fmt.Errorf("containerd is missing on this machine (Debian package containerd): %w", err)
	}
	if err := os.MkdirAll(n.dir+"/containerd", 0o711); err != nil {
		return err
	}
	log, err := os.OpenFile(n.dir+"/containerd/containerd.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	process.Start("containerd", program, log, "--config", path, "--address", Socket, "--root", n.dir+"/containerd", "--state", containerdState)
	if err := process.Retry(ctx, "see containerd ready", 300*time.Millisecond, func() error { return ctr(ctx, "version") }); err != nil {
		return err
	}
	im := importer{dir: n.dir + "/images", stamps: n.dir + "/containerd/imported.json"}
	im.all(ctx)
	go im.watch(ctx)
	return nil
}

func ctr(ctx context.Context, args ...string) error {
	tool, err := process.FindTool("ctr")
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, tool, append([]string{"--address", Socket, "--namespace", "k8s.io"}, args...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ctr %s: %w: %s", args[0], err, out)
	}
	return nil
}
