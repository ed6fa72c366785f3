// Package server is `k3s server`: identity, etcd, control plane, supervisor, and then an agent of its own.
package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"picluster/lab/k3s/internal/addons"
	"picluster/lab/k3s/internal/agent"
	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/etcd"
	"picluster/lab/k3s/internal/kube"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"
	"picluster/lab/k3s/internal/supervisor"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

type server struct {
	c        *config.Config
	cluster  config.Cluster
	identity supervisor.Identity
	tokens   tokens
	member   *etcd.Member
	join     *supervisor.Client // nil unless this start joins
	sup      *supervisor.Supervisor
	leaves   map[string]certs.Pair
	rest     *rest.Config
	kube     *kubernetes.Clientset
}

// Run starts everything and returns once this server counts as ready: API up and etcd member a voter. Its Node, the
// kubelet and the AddOns come later, as with K3s.
func Run(ctx context.Context, c *config.Config) error {
	s := &server{c: c}
	for _, step := range []func(context.Context) error{s.prepare, s.startSupervisorAndEtcd, s.startAPI} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	go s.member.RunController(ctx, s.kube)
	go addons.Run(ctx, s.rest, s.kube, c, s.cluster)
	if !c.Bool("disable-agent") {
		go func() {
			role := agent.Role{Server: "https://127.0.0.1:6443", Token: s.tokens.server, Labels: s.labels(), Annotations: s.member.Annotations()}
			if err := agent.Run(ctx, c, role); err != nil && ctx.Err() == nil {
				logger.Fatalf("agent: %v", err)
			}
		}()
	}
	return nil
}

// labels are the roles that K3s gives to a server's Node; `master` is gone since 1.34.
func (s *server) labels() map[string]string {
	return map[string]string{"node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/etcd": "true"}
}

// prepare settles who we are: from the disk, from the server we join, or anew.
func (s *server) prepare(ctx context.Context) (err error) {
	if err := supported(s.c); err != nil {
		return err
	}
	if s.cluster, err = s.c.Cluster(); err != nil {
		return err
	}
	if s.tokens, err = readTokens(ctx, s.c); err != nil {
		return err
	}
	url := s.c.String("server", "")
	switch {
	case etcd.Initialized(s.c):
		if url != "" || s.c.Bool("cluster-init") {
			logger.Infof("Managed etcd cluster already initialized: cluster-init and server are ignored")
		}
		s.identity, err = readIdentity(s.c)
	case url != "":
		err = s.bootstrap(ctx, url)
	default:
		if !s.c.Bool("cluster-init") {
			logger.Warnf("the lab has no SQLite: without cluster-init it starts embedded etcd all the same")
		}
		s.identity, err = readOrMakeIdentity(s.c, time.Now())
	}
	if err != nil {
		return fmt.Errorf("preparing server: %w", err)
	}
	if err := s.tokens.verify(s.identity.ServerCA.Cert); err != nil {
		return fmt.Errorf("preparing server: %w", err)
	}
	if s.leaves, err = ensureLeaves(s.c, s.cluster, s.identity, time.Now()); err != nil {
		return err
	}
	if err := writeTokens(s.c, s.identity.ServerCA.Cert, s.tokens); err != nil {
		return err
	}
	s.member, err = etcd.New(s.c)
	return err
}

// supported refuses what the lab can't do and must not seem to do.
func supported(c *config.Config) error {
	for _, key := range []string{"cluster-reset", "cluster-reset-restore-path", "datastore-endpoint", "disable-etcd", "disable-apiserver", "disable-controller-manager"} {
		if v := c.String(key, ""); v != "" && v != "false" {
			return fmt.Errorf("the lab's k3s does not implement %s", key)
		}
	}
	return nil
}

// bootstrap compares critical configuration with the server we join and takes over its identity. Errors end the process;
// systemd tries again.
func (s *server) bootstrap(ctx context.Context, url string) (err error) {
	wrap := func(err error) error { return fmt.Errorf("failed to bootstrap cluster data: %w", err) }
	if s.tokens.server == "" {
		return wrap(fmt.Errorf("--token is required to join %s", url))
	}
	node, err := supervisor.NewClient(ctx, url, s.tokens.agentOrServer(), "node", nil)
	if err != nil {
		return wrap(err)
	}
	var remote supervisor.AgentConfig
	if err := node.JSON(ctx, "/v1-k3s/config", &remote); err != nil {
		return wrap(err)
	}
	if keys := config.Mismatched(s.cluster, remote.Cluster); len(keys) > 0 {
		for _, k := range keys {
			logger.Warnf("critical configuration mismatched: %s", k)
		}
		return wrap(fmt.Errorf("failed to validate server configuration: critical configuration value mismatch between servers"))
	}
	if s.join, err = supervisor.NewClient(ctx, url, s.tokens.given, "server", nil); err != nil {
		return wrap(err)
	}
	if err := s.join.JSON(ctx, "/v1-k3s/server-bootstrap", &s.identity); err != nil {
		return wrap(err)
	}
	return writeIdentity(s.c, s.identity)
}

func (s *server) startSupervisorAndEtcd(ctx context.Context) error {
	s.sup = &supervisor.Supervisor{Identity: s.identity, Cluster: s.cluster, ServerToken: s.tokens.serverPassword(), AgentToken: s.tokens.agentPassword(),
		Registry: s.c.String("system-default-registry", ""), Member: s.member}
	if err := s.sup.Serve(s.leaves["serving-kube-apiserver"], s.leaves["client-auth-proxy"]); err != nil {
		return err
	}
	initial := ""
	if s.join != nil {
		var err error
		initial, err = s.member.Join(ctx, func(ctx context.Context) ([]etcd.MemberInfo, error) {
			var list []etcd.MemberInfo
			return list, s.join.JSON(ctx, "/db/info", &list)
		})
		if err != nil {
			return fmt.Errorf("preparing server: start managed database: %w", err)
		}
	}
	if err := s.member.Start(initial); err != nil {
		return err
	}
	if s.join != nil {
		s.member.Rouse(ctx)
	}
	return s.member.WaitVoter(ctx)
}

func (s *server) startAPI(ctx context.Context) error {
	if err := s.writeKubeconfigs(); err != nil {
		return err
	}
	var err error
	if s.rest, s.kube, err = kube.Client(s.c.Data("server", "cred", "supervisor.kubeconfig")); err != nil {
		return err
	}
	s.startAPIServer()
	err = process.Retry(ctx, "see the API server ready", 500*time.Millisecond, func() error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		raw, err := s.kube.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return notReady(raw, err)
	})
	if err == nil {
		s.sup.Ready(s.kube)
		s.startControllers()
	}
	return err
}

// notReady names the failing checks instead of the whole list.
func notReady(answer []byte, err error) error {
	var failing []string
	for _, line := range strings.Split(string(answer), "\n") {
		if check, ok := strings.CutPrefix(line, "[-]"); ok {
			check, _, _ = strings.Cut(check, " ")
			failing = append(failing, check)
		}
	}
	if err != nil && len(failing) > 0 {
		return fmt.Errorf("not yet: %s", strings.Join(failing, ", "))
	}
	return err
}
