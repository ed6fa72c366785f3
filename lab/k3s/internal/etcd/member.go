// Package etcd runs this server's etcd member: founding, joining as a learner, promotion and removal.
package etcd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"time"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/process"
	"picluster/lab/k3s/internal/token"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Member is this server's etcd member.
type Member struct {
	Name, IP    string
	NodeName    string
	dir, tlsDir string
	expose      bool
	extra       []string
	run         func()
	child       *process.Child
}

// New reads or makes the member's name, `<node>-<8 hex>` in db/etcd/name.
func New(c *config.Config) (*Member, error) {
	m := &Member{NodeName: c.NodeName(), IP: c.NodeIP(), dir: c.Data("server", "db", "etcd"), tlsDir: c.Data("server", "tls", "etcd"),
		expose: c.Bool("etcd-expose-metrics"), extra: c.Raw("etcd-arg")}
	m.Name = files.ReadTrimmed(m.nameFile())
	if m.Name == "" {
		m.Name = m.NodeName + "-" + token.RandomHex(4)
		return m, files.Write(m.nameFile(), []byte(m.Name), 0o600)
	}
	return m, nil
}

func (m *Member) nameFile() string { return filepath.Join(m.dir, "name") }

// PeerURL is where the other members find this one.
func (m *Member) PeerURL() string { return "https://" + m.IP + ":2380" }

// Initialized says whether a write-ahead log is on disk: then neither cluster-init nor server matters any more.
func Initialized(c *config.Config) bool {
	return files.Exists(c.Data("server", "db", "etcd", "member", "wal"))
}

// Start runs etcd. initial is the list of members to start with: empty for a founder or a restart.
func (m *Member) Start(initial string) error {
	state := "existing"
	if initial == "" {
		state, initial = "new", m.Name+"="+m.PeerURL()
	}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		return err
	}
	m.run = func() {
		m.child = process.Component("etcd", config.ComponentArgs(m.defaults(initial, state), m.extra)...)
	}
	m.run()
	return nil
}

// announceTime is how long a joined member may take to answer clients; see Rouse.
const announceTime = 3 * time.Second

// Rouse restarts a member that joined but does not answer: when its announcement of its name comes back inside the leader's
// first snapshot, etcd waits 15 s before it says it again. At a restart it knows the name, and answers at once.
func (m *Member) Rouse(ctx context.Context) {
	cl, err := m.Client()
	if err != nil {
		return
	}
	defer cl.Close()
	for end := time.Now().Add(announceTime); time.Now().Before(end); {
		step, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		_, err := cl.Status(step, cl.Endpoints()[0])
		cancel()
		if err == nil || !process.Sleep(ctx, 100*time.Millisecond) {
			return
		}
	}
	m.child.Kill()
	m.run()
}

func (m *Member) defaults(initial, state string) map[string]string {
	metrics := "http://127.0.0.1:2381"
	if m.expose {
		metrics += ",http://" + m.IP + ":2381"
	}
	return map[string]string{
		"name": m.Name, "data-dir": m.dir,
		"listen-peer-urls": m.PeerURL(), "initial-advertise-peer-urls": m.PeerURL(),
		"listen-client-urls": "https://127.0.0.1:2379,https://" + m.IP + ":2379", "advertise-client-urls": "https://" + m.IP + ":2379",
		"listen-client-http-urls": "https://127.0.0.1:2382", "listen-metrics-urls": metrics,
		"client-cert-auth": "true", "trusted-ca-file": m.tlsDir + "/server-ca.crt",
		"cert-file": m.tlsDir + "/server-client.crt", "key-file": m.tlsDir + "/server-client.key",
		"peer-client-cert-auth": "true", "peer-trusted-ca-file": m.tlsDir + "/peer-ca.crt",
		"peer-cert-file": m.tlsDir + "/peer-server-client.crt", "peer-key-file": m.tlsDir + "/peer-server-client.key",
		"heartbeat-interval": "500", "election-timeout": "5000", "snapshot-count": "10000", "log-level": "warn",
		"initial-cluster": initial, "initial-cluster-state": state,
	}
}

// Client speaks to etcd at the given endpoints, by default this member alone.
func (m *Member) Client(endpoints ...string) (*clientv3.Client, error) {
	if len(endpoints) == 0 {
		endpoints = []string{"https://127.0.0.1:2379"}
	}
	cert, err := tls.LoadX509KeyPair(m.tlsDir+"/client.crt", m.tlsDir+"/client.key")
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(m.tlsDir + "/server-ca.crt")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second, Logger: quiet,
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}, RootCAs: pool}})
}

// WaitVoter waits until this member answers and votes.
func (m *Member) WaitVoter(ctx context.Context) error {
	cl, err := m.Client()
	if err != nil {
		return err
	}
	defer cl.Close()
	return process.Retry(ctx, "see etcd ready", 500*time.Millisecond, func() error {
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		st, err := cl.Status(ctx, cl.Endpoints()[0])
		switch {
		case err != nil:
			return err
		case st.IsLearner:
			return errLearner
		case st.Leader == 0:
			return errNoLeader
		}
		_, err = cl.Get(ctx, "health")
		return err
	})
}
