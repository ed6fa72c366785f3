package config

import (
	"fmt"
	"net"
	"strings"
)

// Cluster is the configuration that all servers share and that agents fetch from theirs.
type Cluster struct {
	ClusterCIDR, ServiceCIDR, ClusterDNS, ClusterDomain             string
	DisableCCM, DisableHelmController, DisableNPC, DisableServiceLB bool
	EgressSelectorMode                                              string
	EmbeddedRegistry                                                bool
	FlannelBackend                                                  string
	FlannelExternalIP, FlannelIPv6Masq                              bool
	EncryptSecrets                                                  bool
	EncryptProvider                                                 string
	DisableKubeProxy                                                bool // agents need it; not compared
}

// Cluster is this server's view, with K3s's defaults.
func (c *Config) Cluster() (Cluster, error) {
	service := c.First("service-cidr", "10.43.0.0/16")
	dns, err := NthIP(service, 10)
	if err != nil {
		return Cluster{}, fmt.Errorf("service-cidr: %w", err)
	}
	if _, err := NthIP(c.First("cluster-cidr", "10.42.0.0/16"), 1); err != nil {
		return Cluster{}, fmt.Errorf("cluster-cidr: %w", err)
	}
	if err := oneOf("flannel-backend", c.String("flannel-backend", "vxlan"), "none", "vxlan", "host-gw", "wireguard-native", "tailscale"); err != nil {
		return Cluster{}, err
	}
	if err := oneOf("egress-selector-mode", c.String("egress-selector-mode", "agent"), "agent", "cluster", "pod", "disabled"); err != nil {
		return Cluster{}, err
	}
	return Cluster{
		ClusterCIDR: c.First("cluster-cidr", "10.42.0.0/16"), ServiceCIDR: service,
		ClusterDNS: c.First("cluster-dns", dns), ClusterDomain: c.String("cluster-domain", "cluster.local"),
		DisableCCM: c.Bool("disable-cloud-controller"), DisableHelmController: c.Bool("disable-helm-controller"),
		DisableNPC: c.Bool("disable-network-policy"), DisableServiceLB: c.Disabled("servicelb"),
		EgressSelectorMode: c.String("egress-selector-mode", "agent"), EmbeddedRegistry: c.Bool("embedded-registry"),
		FlannelBackend: c.String("flannel-backend", "vxlan"), FlannelExternalIP: c.Bool("flannel-external-ip"),
		FlannelIPv6Masq: c.Bool("flannel-ipv6-masq"), EncryptSecrets: c.Bool("secrets-encryption"),
		EncryptProvider: c.String("secrets-encryption-provider", "aescbc"), DisableKubeProxy: c.Bool("disable-kube-proxy"),
	}, nil
}

func oneOf(key, value string, allowed ...string) error {
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return fmt.Errorf("invalid %s %q: one of %s", key, value, strings.Join(allowed, ", "))
}

// Mismatched names the critical keys in which a joining server differs from the cluster (reference/k3s.md section 1.9).
func Mismatched(local, remote Cluster) []string {
	var out []string
	check := func(key string, equal bool) {
		if !equal {
			out = append(out, key)
		}
	}
	check("cluster-cidr", local.ClusterCIDR == remote.ClusterCIDR)
	check("service-cidr", local.ServiceCIDR == remote.ServiceCIDR)
	check("cluster-dns", local.ClusterDNS == remote.ClusterDNS)
	check("cluster-domain", local.ClusterDomain == remote.ClusterDomain)
	check("disable-cloud-controller", local.DisableCCM == remote.DisableCCM)
	check("disable-helm-controller", local.DisableHelmController == remote.DisableHelmController)
	check("disable-network-policy", local.DisableNPC == remote.DisableNPC)
	check("disable=servicelb", local.DisableServiceLB == remote.DisableServiceLB)
	check("egress-selector-mode", remote.EgressSelectorMode == "" || local.EgressSelectorMode == remote.EgressSelectorMode)
	check("embedded-registry", local.EmbeddedRegistry == remote.EmbeddedRegistry)
	check("flannel-backend", local.FlannelBackend == remote.FlannelBackend)
	check("flannel-external-ip", local.FlannelExternalIP == remote.FlannelExternalIP)
	check("flannel-ipv6-masq", local.FlannelIPv6Masq == remote.FlannelIPv6Masq)
	check("secrets-encryption", local.EncryptSecrets == remote.EncryptSecrets)
	check("secrets-encryption-provider", local.EncryptProvider == remote.EncryptProvider)
	return out
}

// NthIP is the n-th (below 256) address of an IPv4 network.
func NthIP(cidr string, n int) (string, error) {
	_, network, err := net.ParseCIDR(cidr)
	if err != nil {
		return "", err
	}
	ip := network.IP.To4()
	if ip == nil {
		return "", fmt.Errorf("%s: the lab has IPv4 only", cidr)
	}
	out := append(net.IP{}, ip...)
	for i, carry := 3, n; i >= 0 && carry > 0; i-- {
		carry += int(out[i])
		out[i], carry = byte(carry), carry>>8
	}
	if !network.Contains(out) {
		return "", fmt.Errorf("%s is too small", cidr)
	}
	return out.String(), nil
}
