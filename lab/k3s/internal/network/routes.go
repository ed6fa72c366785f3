package network

import (
	"encoding/json"
	"sort"
)

// protocol marks our routes in the kernel's table, so that those of vanished nodes are found again.
const protocol = "77"

// Route leads to another node's pods.
type Route struct{ Dst, Via string }

// Peer is another node as its Node object shows it.
type Peer struct{ Name, PodCIDR, IP string }

// Routes are those a node needs: one to every other node that has pods and an address.
func Routes(self string, peers []Peer) []Route {
	var out []Route
	for _, p := range peers {
		if p.Name != self && p.PodCIDR != "" && p.IP != "" {
			out = append(out, Route{p.PodCIDR, p.IP})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Dst < out[j].Dst })
	return out
}

// Changes are the commands of `ip route` that lead from have to want.
func Changes(want, have []Route) [][]string {
	var out [][]string
	wanted := map[string]string{}
	for _, r := range want {
		wanted[r.Dst] = r.Via
	}
	had := map[string]string{}
	for _, r := range have {
		had[r.Dst] = r.Via
		if wanted[r.Dst] == "" {
			out = append(out, []string{"del", r.Dst, "via", r.Via, "proto", protocol})
		}
	}
	for _, r := range want {
		if had[r.Dst] != r.Via {
			out = append(out, []string{"replace", r.Dst, "via", r.Via, "proto", protocol})
		}
	}
	return out
}

// parseRoutes reads `ip -j route show proto N`.
func parseRoutes(raw []byte) ([]Route, error) {
	var list []struct{ Dst, Gateway string }
	if len(raw) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	var out []Route
	for _, r := range list {
		out = append(out, Route{r.Dst, r.Gateway})
	}
	return out, nil
}
