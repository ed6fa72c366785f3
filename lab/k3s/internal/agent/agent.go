// Package agent is `k3s agent`, and the agent inside a server: container runtime, kubelet, kube-proxy, pod network.
package agent

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/kube"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/network"
)

// Role is what a server passes to its own agent. The zero value is a plain agent: server and token from the configuration.
type Role struct {
	Server, Token       string
	Labels, Annotations map[string]string
}

// Run returns once the Node exists, is labelled, and the pod network was started (nothing is awaited with flannel-backend
// none). Wrong tokens, URLs and passwords are retried without end.
func Run(ctx context.Context, c *config.Config, role Role) error {
	dir, api := c.Data("agent"), role.Server
	if err := os.MkdirAll(dir+"/pod-manifests", 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil { // images may have been put there before the first start
		return err
	}
	join, err := joining(ctx, c, role)
	if err != nil {
		return err
	}
	var lb *balancer
	if role.Server == "" {
		u, err := url.Parse(join.server)
		if err != nil {
			return err
		}
		port := c.String("lb-server-port", "6444")
		if lb, err = startBalancer("127.0.0.1:"+port, u.Host, dir+"/etc/k3s-agent-load-balancer.json"); err != nil {
			return err
		}
		join.server, api = "https://127.0.0.1:"+port, "https://127.0.0.1:"+port
	}
	node, err := join.fetch(ctx, api)
	if err != nil {
		return err
	}
	if err := startContainerd(ctx, c, node); err != nil {
		return err
	}
	if err := startKubelet(c, node); err != nil {
		return err
	}
	if !node.cluster.DisableKubeProxy {
		startProxy(c, node)
	}
	_, client, err := kube.Client(dir + "/k3scontroller.kubeconfig")
	if err != nil {
		return err
	}
	if err := describeNode(ctx, client, c, role); err != nil {
		return err
	}
	if lb != nil {
		go lb.follow(ctx, client)
	}
	if node.cluster.FlannelBackend == "none" {
		logger.Infof("Flannel is disabled: the pod network is somebody else's")
		return nil
	}
	return network.Run(ctx, client, network.Node{Name: c.NodeName(), ClusterCIDR: node.cluster.ClusterCIDR, CNIDir: dir + "/etc/cni/net.d"})
}

// joining settles server and token; both are needed.
func joining(ctx context.Context, c *config.Config, role Role) (*joiner, error) {
	j := &joiner{c: c, server: role.Server, token: role.Token}
	if role.Server == "" {
		j.server = c.String("server", "")
		var err error
		if j.token, err = c.Secret(ctx, "token"); err != nil {
			return nil, err
		}
	}
	switch {
	case j.token == "":
		return nil, fmt.Errorf("--token is required")
	case j.server == "":
		return nil, fmt.Errorf("--server is required")
	}
	return j, nil
}
