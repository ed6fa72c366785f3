// Package network is the lab's stand-in for flannel: a bridge on each node and routes between the nodes, whatever the backend.
package network

import (
	"encoding/json"
	"fmt"
	"net"
)

// Conflist is the CNI configuration of a node with this pod network.
func Conflist(podCIDR string) ([]byte, error) {
	if _, _, err := net.ParseCIDR(podCIDR); err != nil {
		return nil, err
	}
	type m = map[string]any
	return json.MarshalIndent(m{
		"name": "cbr0", "cniVersion": "1.0.0",
		"plugins": []m{
			{"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
				"ipam": m{"type": "host-local", "ranges": [][]m{{{"subnet": podCIDR}}}, "routes": []m{{"dst": "0.0.0.0/0"}}}},
			{"type": "portmap", "capabilities": m{"portMappings": true}},
		},
	}, "", "  ")
}

// SubnetEnv is flannel's /run/flannel/subnet.env.
func SubnetEnv(clusterCIDR, podCIDR string) (string, error) {
	_, n, err := net.ParseCIDR(podCIDR)
	if err != nil {
		return "", err
	}
	ip := n.IP.To4()
	if ip == nil {
		return "", fmt.Errorf("%s: the lab has IPv4 only", podCIDR)
	}
	ones, _ := n.Mask.Size()
	ip[3]++
	return fmt.Sprintf("FLANNEL_NETWORK=%s\nFLANNEL_SUBNET=%s/%d\nFLANNEL_MTU=1500\nFLANNEL_IPMASQ=true\n", clusterCIDR, ip, ones), nil
}
