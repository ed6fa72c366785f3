// Package process runs the components as children that live and die with this process, and talks to systemd.
package process

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"picluster/lab/k3s/internal/logger"
)

var (
	spawn    = make(chan func())
	stopping atomic.Bool
	mu       sync.Mutex
	children []*Child
)

// Child is a running program.
type Child struct {
	name   string
	cmd    *exec.Cmd
	done   chan struct{}
	wanted atomic.Bool // its end is our doing
}

// Kill ends this child alone and waits for it.
func (c *Child) Kill() {
	c.wanted.Store(true)
	c.cmd.Process.Kill()
	<-c.done
}

func init() { // one locked thread starts every child: the parent-death signal belongs to the thread
	go func() {
		runtime.LockOSThread()
		for f := range spawn {
			f()
		}
	}()
}

// Start runs a program that is killed when we die. If it ends by itself, so do we, and systemd starts us again.
// Its output goes to out, or to our stderr when out is nil. Pods are not affected: their shims are nobody's children.
func Start(name, path string, out io.Writer, args ...string) *Child {
	cmd := exec.Command(path, args...)
	if out == nil {
		out = os.Stderr
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Env = append(os.Environ(), "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET=", "K3S_TOKEN=", "K3S_AGENT_TOKEN=")
	started := make(chan error)
	spawn <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		logger.Fatalf("%s exited: %v", name, err)
	}
	c := &Child{name: name, cmd: cmd, done: make(chan struct{})}
	mu.Lock()
	children = append(children, c)
	mu.Unlock()
	go func() {
		err := cmd.Wait()
		close(c.done)
		if stopping.Load() || c.wanted.Load() {
			return
		}
		if err == nil {
			err = errors.New("exit status 0")
		}
		logger.Fatalf("%s exited: %v", name, err)
	}()
	return c
}

// Component runs one of the Kubernetes or etcd programs inside this binary.
func Component(name string, args ...string) *Child {
	self, err := os.Executable()
	if err != nil {
		logger.Fatalf("%s exited: %v", name, err)
	}
	return Start(name, self, nil, append([]string{name}, args...)...)
}

// K3s is one process and ends at once. Here stateless children get a moment to take leave (the API server takes its address
// out of the `kubernetes` Service); etcd and containerd, which keep files and can't end while others talk to them, get more.
const (
	leaveTime = time.Second
	closeTime = 3 * time.Second
)

// Stop ends the children; those that don't end in time are killed.
func Stop() {
	stopping.Store(true)
	mu.Lock()
	defer mu.Unlock()
	var keepers, others []*Child
	for _, c := range children {
		if c.name == "etcd" || c.name == "containerd" {
			keepers = append(keepers, c)
		} else {
			others = append(others, c)
		}
	}
	end(others, leaveTime)
	end(keepers, closeTime)
}

func end(list []*Child, bound time.Duration) {
	for _, c := range list {
		c.cmd.Process.Signal(syscall.SIGTERM)
	}
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	defer cancel()
	for _, c := range list {
		select {
		case <-c.done:
		case <-ctx.Done():
			c.cmd.Process.Kill()
		}
	}
}
