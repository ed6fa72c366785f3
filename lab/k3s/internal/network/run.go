package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Node is this node's part in the pod network.
type Node struct{ Name, ClusterCIDR, CNIDir string }

var errNoCIDR = errors.New("the controller manager has not given this node a pod network yet")

// Run returns when the CNI configuration is written, and keeps the routes up to date behind it.
func Run(ctx context.Context, client kubernetes.Interface, n Node) error {
	if err := process.Retry(ctx, "start the pod network", time.Second, func() error { return n.once(ctx, client) }); err != nil {
		return err
	}
	go func() {
		last := ""
		for process.Sleep(ctx, 2*time.Second) {
			if err := n.once(ctx, client); err != nil && err.Error() != last {
				last = err.Error()
				logger.Errorf("pod network: %v", err)
			}
		}
	}()
	return nil
}

func (n Node) once(ctx context.Context, client kubernetes.Interface) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var peers []Peer
	own := ""
	for _, x := range nodes.Items {
		p := Peer{Name: x.Name, PodCIDR: x.Spec.PodCIDR}
		for _, a := range x.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				p.IP = a.Address
			}
		}
		if x.Name == n.Name {
			own = p.PodCIDR
		}
		peers = append(peers, p)
	}
	if own == "" {
		return errNoCIDR
	}
	if err := n.local(ctx, own); err != nil {
		return err
	}
	return setRoutes(ctx, Routes(n.Name, peers))
}

// local sets up this node: forwarding, masquerading, CNI configuration.
func (n Node) local(ctx context.Context, podCIDR string) error {
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		return err
	}
	rule := []string{"POSTROUTING", "-s", podCIDR, "!", "-d", n.ClusterCIDR, "-m", "comment", "--comment", "flanneld masq", "-j", "MASQUERADE"}
	if run(ctx, "iptables", append([]string{"-w", "-t", "nat", "-C"}, rule...)...) != nil {
		if err := run(ctx, "iptables", append([]string{"-w", "-t", "nat", "-A"}, rule...)...); err != nil {
			return err
		}
	}
	env, err := SubnetEnv(n.ClusterCIDR, podCIDR)
	if err != nil {
		return err
	}
	if _, err := files.WriteChanged("/run/flannel/subnet.env", []byte(env), 0o644); err != nil {
		return err
	}
	conf, err := Conflist(podCIDR)
	if err != nil {
		return err
	}
	_, err = files.WriteChanged(n.CNIDir+"/10-flannel.conflist", conf, 0o644)
	return err
}

func setRoutes(ctx context.Context, want []Route) error {
	raw, err := exec.CommandContext(ctx, "ip", "-j", "-4", "route", "show", "proto", protocol).Output()
	if err != nil {
		return fmt.Errorf("ip route show: %w", err)
	}
	have, err := parseRoutes(raw)
	if err != nil {
		return err
	}
	for _, c := range Changes(want, have) {
		if err := run(ctx, "ip", append([]string{"route"}, c...)...); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
