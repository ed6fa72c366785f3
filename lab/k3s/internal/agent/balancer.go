package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sort"
	"sync"
	"time"

	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// balancer is the agent's own load balancer in front of all servers; it remembers them over restarts.
type balancer struct {
	mu    sync.Mutex
	path  string
	state balancerState
}

type balancerState struct {
	ServerURL       string
	ServerAddresses []string
}

func startBalancer(listen, first, path string) (*balancer, error) {
	b := &balancer{path: path, state: balancerState{ServerURL: "https://" + first}}
	if raw, err := os.ReadFile(path); err == nil {
		var old balancerState
		if json.Unmarshal(raw, &old) == nil {
			b.state.ServerAddresses = old.ServerAddresses
		}
	}
	b.state.ServerAddresses = slices.DeleteFunc(b.state.ServerAddresses, func(s string) bool { return s == first })
	b.state.ServerAddresses = append([]string{first}, b.state.ServerAddresses...)
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("load balancer: %w", err)
	}
	logger.Infof("Running load balancer %s -> %v", listen, b.state.ServerAddresses)
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				logger.Fatalf("load balancer exited: %v", err)
			}
			go b.pass(in)
		}
	}()
	return b, nil
}

func (b *balancer) servers() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.state.ServerAddresses)
}

// pass connects to the first server that answers.
func (b *balancer) pass(in net.Conn) {
	defer in.Close()
	for _, s := range b.servers() {
		out, err := net.DialTimeout("tcp", s, 2*time.Second)
		if err != nil {
			b.demote(s)
			continue
		}
		go func() {
			io.Copy(out, in)
			out.Close()
		}()
		io.Copy(in, out)
		return
	}
}

// demote puts a server that does not answer last.
func (b *balancer) demote(server string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if list := b.state.ServerAddresses; len(list) > 1 && list[0] == server {
		b.state.ServerAddresses = append(list[1:], server)
	}
}

// follow keeps to the servers that the `kubernetes` Service has.
func (b *balancer) follow(ctx context.Context, client kubernetes.Interface) {
	for ; ; process.Sleep(ctx, 3*time.Second) {
		if ctx.Err() != nil {
			return
		}
		list, err := client.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=kubernetes"})
		if err != nil {
			continue
		}
		var now []string
		for _, slice := range list.Items {
			for _, e := range slice.Endpoints {
				for _, a := range e.Addresses {
					now = append(now, net.JoinHostPort(a, "6443"))
				}
			}
		}
		b.update(now)
	}
}

func (b *balancer) update(now []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	have := slices.Clone(b.state.ServerAddresses)
	sort.Strings(have)
	sort.Strings(now)
	if len(now) == 0 || slices.Equal(have, now) {
		return
	}
	b.state.ServerAddresses = now
	raw, _ := json.MarshalIndent(b.state, "", "  ")
	if err := files.Write(b.path, raw, 0o600); err != nil {
		logger.Errorf("load balancer: %v", err)
	}
	logger.Infof("Updated load balancer server addresses -> %v", now)
}
