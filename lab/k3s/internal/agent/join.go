package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net/http"
	"os"
	"time"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/kube"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"
	"picluster/lab/k3s/internal/supervisor"
	"picluster/lab/k3s/internal/token"
)

type joiner struct {
	c             *config.Config
	server, token string
}

// node is what the join gave us.
type node struct {
	dir, name, ip string
	cluster       config.Cluster
	registry      string
}

// fetch gets configuration and certificates from a server, for as long as it takes, and writes the kubeconfigs.
func (j *joiner) fetch(ctx context.Context, api string) (node, error) {
	n := node{dir: j.c.Data("agent"), name: j.c.NodeName(), ip: j.c.NodeIP()}
	password, err := nodePassword("/etc/rancher/node/password")
	if err != nil {
		return n, err
	}
	for last := ""; ; {
		err := j.try(ctx, &n, password)
		if err == nil {
			break
		}
		if err.Error() != last {
			last = err.Error()
			logger.Errorf("Waiting to retrieve agent configuration; server is not ready: %v", err)
		}
		pause := 2 * time.Second
		var status *supervisor.StatusError
		if errors.As(err, &status) && status.Code == http.StatusForbidden {
			pause = 5*time.Second + rand.N(5*time.Second)
		}
		if !process.Sleep(ctx, pause) {
			return n, ctx.Err()
		}
	}
	for name, base := range map[string]string{"kubelet": "client-kubelet", "kubeproxy": "client-kube-proxy", "k3scontroller": "client-k3s-controller"} {
		raw, err := kube.KubeconfigFiles(api, n.dir+"/server-ca.crt", n.dir+"/"+base)
		if err != nil {
			return n, err
		}
		if _, err := files.WriteChanged(n.dir+"/"+name+".kubeconfig", raw, 0o600); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (j *joiner) try(ctx context.Context, n *node, password string) error {
	var own *tls.Certificate
	if c, err := tls.LoadX509KeyPair(n.dir+"/client-kubelet.crt", n.dir+"/client-kubelet.key"); err == nil {
		own = &c
	}
	cl, err := supervisor.NewClient(ctx, j.server, j.token, "node", own)
	if err != nil {
		return err
	}
	var conf supervisor.AgentConfig
	if err := cl.JSON(ctx, "/v1-k3s/config", &conf); err != nil {
		return err
	}
	n.cluster, n.registry = conf.Cluster, conf.SystemDefaultRegistry
	header := map[string]string{supervisor.HeaderName: n.name, supervisor.HeaderIP: n.ip, supervisor.HeaderPassword: password}
	for _, base := range []string{"client-kubelet", "serving-kubelet", "client-kube-proxy", "client-k3s-controller"} {
		if err := certificate(ctx, cl, header, n.dir+"/"+base, "/v1-k3s/"+base+".crt"); err != nil {
			return err
		}
	}
	for _, name := range []string{"server-ca.crt", "client-ca.crt"} {
		raw, err := cl.Call(ctx, http.MethodGet, "/v1-k3s/"+name, nil, nil)
		if err != nil {
			return err
		}
		if _, err := files.WriteChanged(n.dir+"/"+name, raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// certificate asks for a certificate of our key at every start, as K3s does.
func certificate(ctx context.Context, cl *supervisor.Client, header map[string]string, base, path string) error {
	key, err := certs.EnsureKey(base + ".key")
	if err != nil {
		return err
	}
	csr, err := certs.Request(key)
	if err != nil {
		return err
	}
	cert, err := cl.Call(ctx, http.MethodPost, path, header, csr)
	if err != nil {
		return err
	}
	return files.Write(base+".crt", cert, 0o600)
}

// nodePassword is made at the first start; it outlives an uninstallation.
func nodePassword(path string) (string, error) {
	if p := files.ReadTrimmed(path); p != "" {
		return p, nil
	}
	if err := os.MkdirAll("/etc/rancher/node", 0o755); err != nil {
		return "", err
	}
	p := token.RandomHex(16)
	return p, files.Write(path, []byte(p+"\n"), 0o600)
}
