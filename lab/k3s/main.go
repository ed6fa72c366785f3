// k3s for the lab: the command line, files and join protocol of K3s over upstream Kubernetes components. A test part, not a product.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"picluster/lab/k3s/internal/agent"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"
	"picluster/lab/k3s/internal/server"
	"picluster/lab/k3s/internal/tokencmd"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/version"
)

const usage = `NAME:
   k3s - Kubernetes, but small and simple (the lab's stand-in for it)

USAGE:
   k3s command [command options] [arguments...]

COMMANDS:
   server   Run management server
   agent    Run node agent
   kubectl  Run kubectl
   ctr      Run ctr
   crictl   Run crictl
   token    Manage tokens
`

func main() {
	args := os.Args
	if name := filepath.Base(args[0]); name == "kubectl" || name == "ctr" || name == "crictl" { // K3s's links
		args = append([]string{"k3s"}, append([]string{name}, args[1:]...)...)
	}
	if len(args) < 2 {
		fmt.Print(usage)
		return
	}
	name, rest := args[1], args[2:]
	switch name {
	case "--version", "-v":
		printVersion()
	case "--help", "-h", "help":
		fmt.Print(usage)
	case config.Server, config.Agent:
		run(name, rest)
	case "token":
		os.Exit(tokencmd.Main(rest))
	case "ctr":
		execTool("ctr", rest, map[string]string{"CONTAINERD_ADDRESS": agent.Socket, "CONTAINERD_NAMESPACE": "k8s.io"})
	case "crictl":
		execTool("crictl", rest, map[string]string{"CONTAINER_RUNTIME_ENDPOINT": "unix://" + agent.Socket})
	case "etcd":
		os.Args = args[1:]
		etcdmain.Main(os.Args)
	default:
		runComponent(name, args[1:])
	}
}

// run starts a server or an agent and stays until systemd ends it. Stopping leaves the pods running.
func run(role string, args []string) {
	for _, a := range args {
		if a == "--help" || a == "-h" {
			fmt.Printf("NAME:\n   k3s %s\n\nOPTIONS: see K3s's documentation; unknown ones are refused\n", role)
			return
		}
	}
	c, err := config.Load(role, args, os.Getenv)
	if err != nil {
		logger.Fatalf("%v", err)
	}
	for _, w := range c.Warnings {
		logger.Warnf("%s", w)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	logger.Infof("Starting k3s %s (%s)", version.Get().GitVersion, commit())
	go func() {
		if role == config.Server {
			err = server.Run(ctx, c)
		} else {
			err = agent.Run(ctx, c, agent.Role{})
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			logger.Fatalf("%v", err)
		}
		logger.Infof("k3s is up and running")
		process.Notify("READY=1")
	}()
	<-ctx.Done()
	process.Stop()
}

func runComponent(name string, args []string) {
	make, ok := components[name]
	if !ok {
		fmt.Printf("No help topic for '%s'\n", name)
		os.Exit(3)
	}
	if name == "kubectl" && os.Getenv("KUBECONFIG") == "" {
		os.Setenv("KUBECONFIG", "/etc/rancher/k3s/k3s.yaml")
	}
	os.Args = args
	os.Exit(cli.Run(make()))
}

// execTool becomes the machine's own tool with K3s's settings, unless the caller has his own.
func execTool(name string, args []string, env map[string]string) {
	path, err := process.FindTool(name)
	if err != nil {
		logger.Fatalf("%s is missing on this machine: %v", name, err)
	}
	for k, v := range env {
		if os.Getenv(k) == "" {
			os.Setenv(k, v)
		}
	}
	logger.Fatalf("%s: %v", name, syscall.Exec(path, append([]string{name}, args...), os.Environ()))
}

func printVersion() {
	fmt.Printf("k3s version %s (%s)\ngo version %s\n", version.Get().GitVersion, commit(), runtime.Version())
}

// commit is eight hexadecimal digits: of the commit the builder named, else of the version.
func commit() string {
	v := version.Get()
	if c := strings.ToLower(v.GitCommit); len(c) >= 8 && strings.Trim(c, "0123456789abcdef") == "" {
		return c[:8]
	}
	sum := sha256.Sum256([]byte(v.GitVersion))
	return hex.EncodeToString(sum[:4])
}
