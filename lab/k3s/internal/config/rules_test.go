package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestComponentArgs(t *testing.T) {
	defaults := map[string]string{"a": "1", "b": "2"}
	for name, c := range map[string]struct{ extra, want []string }{
		"defaults":                {nil, []string{"--a=1", "--b=2"}},
		"replaces":                {[]string{"a=9"}, []string{"--a=9", "--b=2"}},
		"dashes are optional":     {[]string{"--a=9"}, []string{"--a=9", "--b=2"}},
		"no value is true":        {[]string{"c"}, []string{"--a=1", "--b=2", "--c=true"}},
		"twice is twice":          {[]string{"a=8", "a=9"}, []string{"--a=8", "--a=9", "--b=2"}},
		"plus adds after":         {[]string{"a+=9"}, []string{"--a=1", "--a=9", "--b=2"}},
		"minus adds before":       {[]string{"a-=9"}, []string{"--a=9", "--a=1", "--b=2"}},
		"plus without default":    {[]string{"c+=9"}, []string{"--a=1", "--b=2", "--c=9"}},
		"values keep their signs": {[]string{"a=x=y,z"}, []string{"--a=x=y,z", "--b=2"}},
	} {
		if got := ComponentArgs(defaults, c.extra); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestClusterDefaults(t *testing.T) {
	got, err := (&Config{Role: Server}).Cluster()
	want := Cluster{ClusterCIDR: "10.42.0.0/16", ServiceCIDR: "10.43.0.0/16", ClusterDNS: "10.43.0.10", ClusterDomain: "cluster.local",
		EgressSelectorMode: "agent", FlannelBackend: "vxlan", EncryptProvider: "aescbc"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for key, value := range map[string]string{"service-cidr": "nonsense", "cluster-cidr": "fd00::/48", "flannel-backend": "wireguard", "egress-selector-mode": "x"} {
		if _, err := (&Config{values: map[string][]string{key: {value}}}).Cluster(); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s %s: %v", key, value, err)
		}
	}
}

func TestMismatched(t *testing.T) {
	base, err := (&Config{}).Cluster()
	if err != nil {
		t.Fatal(err)
	}
	for key, values := range map[string]map[string][]string{
		"cluster-cidr":                {"cluster-cidr": {"10.1.0.0/16"}},
		"cluster-dns":                 {"cluster-dns": {"10.43.0.11"}},
		"cluster-domain":              {"cluster-domain": {"other"}},
		"disable-cloud-controller":    {"disable-cloud-controller": {"true"}},
		"disable-helm-controller":     {"disable-helm-controller": {"true"}},
		"disable-network-policy":      {"disable-network-policy": {"true"}},
		"disable=servicelb":           {"disable": {"traefik,servicelb"}},
		"egress-selector-mode":        {"egress-selector-mode": {"disabled"}},
		"embedded-registry":           {"embedded-registry": {"true"}},
		"flannel-backend":             {"flannel-backend": {"none"}},
		"flannel-external-ip":         {"flannel-external-ip": {"true"}},
		"flannel-ipv6-masq":           {"flannel-ipv6-masq": {"true"}},
		"secrets-encryption":          {"secrets-encryption": {"true"}},
		"secrets-encryption-provider": {"secrets-encryption-provider": {"secretbox"}},
	} {
		local, err := (&Config{values: values}).Cluster()
		if err != nil {
			t.Fatal(err)
		}
		if got := Mismatched(local, base); !slices.Equal(got, []string{key}) {
			t.Errorf("%s: %q", key, got)
		}
	}
	service, err := (&Config{values: map[string][]string{"service-cidr": {"10.1.0.0/16"}}}).Cluster()
	if got := Mismatched(service, base); err != nil || !slices.Equal(got, []string{"service-cidr", "cluster-dns"}) {
		t.Errorf("service-cidr: %q, %v", got, err)
	}
	for name, values := range map[string]map[string][]string{
		"disable-kube-proxy is not compared": {"disable-kube-proxy": {"true"}},
		"other disables may differ":          {"disable": {"traefik"}},
	} {
		local, err := (&Config{values: values}).Cluster()
		if got := Mismatched(local, base); err != nil || len(got) != 0 {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	older := base
	older.EgressSelectorMode = ""
	if got := Mismatched(base, older); len(got) != 0 {
		t.Errorf("an older server's empty egress-selector-mode: %q", got)
	}
}

func TestNthIP(t *testing.T) {
	for _, c := range []struct {
		cidr string
		n    int
		want string
	}{{"10.43.0.0/16", 1, "10.43.0.1"}, {"10.43.0.0/16", 10, "10.43.0.10"}, {"10.0.0.250/8", 10, "10.0.0.10"}, {"10.1.2.248/29", 3, "10.1.2.251"}, {"10.1.2.248/29", 10, ""}, {"fd00::/64", 1, ""}, {"x", 1, ""}} {
		got, err := NthIP(c.cidr, c.n)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s + %d = %q, %v; want %q", c.cidr, c.n, got, err, c.want)
		}
	}
}

func TestKeysAreUnique(t *testing.T) {
	for _, role := range []string{Server, Agent} {
		seen := map[string]bool{}
		for _, k := range Keys {
			if k.Who != Both && k.Who != role {
				continue
			}
			for _, n := range []string{k.Name, k.Alias} {
				if n != "" && seen[n] {
					t.Errorf("%s has %s twice", role, n)
				}
				seen[n] = true
			}
		}
	}
}

func TestLists(t *testing.T) {
	c := &Config{values: map[string][]string{"tls-san": {"a,b", "c"}, "kubelet-arg": {"x=1,2"}}}
	if got := c.List("tls-san"); !reflect.DeepEqual(got, []string{"a", "b", "c"}) {
		t.Errorf("tls-san: %q", got)
	}
	if got := c.Raw("kubelet-arg"); !reflect.DeepEqual(got, []string{"x=1,2"}) {
		t.Errorf("kubelet-arg: %q", got)
	}
}
