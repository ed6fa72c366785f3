package server

import (
	"time"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/supervisor"
)

type leaf struct {
	base string
	ca   certs.Pair
	spec certs.Spec
}

// leafTable are the server's own certificates below server/tls (reference/k3s.md section 3.4).
func leafTable(c *config.Config, cl config.Cluster, id supervisor.Identity) ([]leaf, error) {
	service, err := config.NthIP(cl.ServiceCIDR, 1)
	if err != nil {
		return nil, err
	}
	ip, name, masters := c.NodeIP(), c.NodeName(), []string{"system:masters"}
	api := append([]string{"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + cl.ClusterDomain, "localhost", name,
		"127.0.0.1", ip, c.String("advertise-address", ip), service}, c.List("tls-san")...)
	etcdSANs := []string{"localhost", name, "127.0.0.1", ip}
	client := func(base, cn string, orgs ...string) leaf {
		return leaf{base, id.ClientCA, certs.Spec{CN: cn, Orgs: orgs, Usage: certs.Client}}
	}
	return []leaf{
		client("client-admin", "system:admin", masters...),
		client("client-supervisor", "system:k3s-supervisor", masters...),
		client("client-controller", "system:kube-controller-manager"),
		client("client-scheduler", "system:kube-scheduler"),
		client("client-kube-apiserver", "system:apiserver", masters...),
		client("client-kube-proxy", "system:kube-proxy"),
		client("client-k3s-controller", "system:k3s-controller"),
		client("client-k3s-cloud-controller", "k3s-cloud-controller-manager"),
		{"client-auth-proxy", id.RequestHeaderCA, certs.Spec{CN: "system:auth-proxy", Usage: certs.Client}},
		{"serving-kube-apiserver", id.ServerCA, certs.Spec{CN: "kube-apiserver", SANs: api, Usage: certs.Server}},
		{"etcd/client", id.EtcdServerCA, certs.Spec{CN: "etcd-client", Usage: certs.Client}},
		{"etcd/server-client", id.EtcdServerCA, certs.Spec{CN: "etcd-server", SANs: etcdSANs, Usage: certs.Peer}},
		{"etcd/peer-server-client", id.EtcdPeerCA, certs.Spec{CN: "etcd-peer", SANs: etcdSANs, Usage: certs.Peer}},
	}, nil
}

// ensureLeaves issues what is missing or outdated and keeps the rest.
func ensureLeaves(c *config.Config, cl config.Cluster, id supervisor.Identity, now time.Time) (map[string]certs.Pair, error) {
	table, err := leafTable(c, cl, id)
	if err != nil {
		return nil, err
	}
	out := map[string]certs.Pair{}
	for _, l := range table {
		p, issued, err := certs.Ensure(c.Data("server", "tls", l.base), l.ca, l.spec, now)
		if err != nil {
			return nil, err
		}
		if issued {
			logger.Infof("certificate CN=%s signed: %s.crt", l.spec.CN, c.Data("server", "tls", l.base))
		}
		out[l.base] = p
	}
	return out, nil
}
