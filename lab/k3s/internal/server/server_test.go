package server

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/token"
)

func load(t *testing.T, dir string, args ...string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Server, append([]string{"--config=/nonexistent", "--data-dir=" + dir, "--node-name=n1", "--node-ip=192.0.2.1"}, args...), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIdentityIsMadeOnceAndComplete(t *testing.T) {
	dir := t.TempDir()
	c := load(t, dir)
	first, err := readOrMakeIdentity(c, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	read, err := readIdentity(c)
	if err != nil || string(read.ServerCA.Cert) != string(first.ServerCA.Cert) || string(read.ServiceKey) != string(first.ServiceKey) {
		t.Fatal("another identity was read", err)
	}
	cl, err := c.Cluster()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ensureLeaves(c, cl, first, time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{".": 0o700, "tls": 0o700, "cred": 0o700, "tls/server-ca.key": 0o600, "tls/service.current.key": 0o600, "tls/client-ca.nochain.crt": 0o644,
		"tls/client-k3s-controller.crt": 0o644, "tls/client-supervisor.key": 0o600, "tls/etcd/peer-server-client.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, "server", name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %o", name, info, err, mode)
		}
	}
	if err := os.Remove(filepath.Join(dir, "server/tls/service.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := readIdentity(c); err == nil {
		t.Error("half an identity was taken")
	}
}

func TestTokens(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	c := load(t, dir, "--token=secret", "--agent-token=agents")
	id, err := readOrMakeIdentity(c, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tk, err := readTokens(ctx, c)
	if err != nil || tk.server != "secret" || tk.agentPassword() != "agents" {
		t.Fatalf("%+v, %v", tk, err)
	}
	if err := writeTokens(c, id.ServerCA.Cert, tk); err != nil {
		t.Fatal(err)
	}
	full := token.Format(id.ServerCA.Cert, "server", "secret")
	for name, want := range map[string]string{"token": full, "node-token": full, "agent-token": token.Format(id.ServerCA.Cert, "node", "agents"),
		"cred/passwd": "agents,node,node,k3s:agent\nsecret,server,server,k3s:server"} {
		raw, err := os.ReadFile(filepath.Join(dir, "server", name))
		if err != nil || strings.TrimSpace(string(raw)) != want {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
	if target, err := os.Readlink(dir + "/server/node-token"); err != nil || target != dir+"/server/token" {
		t.Errorf("node-token -> %s, %v", target, err)
	}
	if remembered, err := readTokens(ctx, load(t, dir)); err != nil || remembered.server != "secret" {
		t.Errorf("without configuration: %+v, %v", remembered, err)
	}
	if err := os.MkdirAll(dir+"/server/db/etcd/member/wal", 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := readTokens(ctx, load(t, dir, "--token=other")); err == nil || !strings.Contains(err.Error(), "bootstrap data already found and encrypted with different token") {
		t.Errorf("another token: %v", err)
	}
	if _, err := readTokens(ctx, load(t, dir, "--token="+full)); err != nil {
		t.Errorf("the secure form: %v", err)
	}
	if made, err := readTokens(ctx, load(t, t.TempDir())); err != nil || len(made.server) != 32 {
		t.Errorf("a random token: %+v, %v", made, err)
	}
}

func TestTokenFileWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tk, err := readTokens(context.Background(), load(t, t.TempDir(), "--token=given", "--token-file="+path))
	if err != nil || tk.server != "from-file" {
		t.Errorf("%+v, %v", tk, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := readTokens(ctx, load(t, t.TempDir(), "--token-file="+path+".missing")); !errors.Is(err, context.Canceled) {
		t.Errorf("a missing token file is waited for: %v", err)
	}
}

func TestUnsupportedIsRefused(t *testing.T) {
	for arg, bad := range map[string]bool{"--cluster-reset": true, "--datastore-endpoint=mysql://x": true, "--disable-etcd=false": false, "--cluster-init": false} {
		if err := supported(load(t, t.TempDir(), arg)); (err != nil) != bad {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func TestNotReadyNamesTheChecks(t *testing.T) {
	err := notReady([]byte("[+]ping ok\n[-]informer-sync failed: reason withheld\n[-]etcd failed\nreadyz check failed"), errors.New("long text"))
	if err == nil || err.Error() != "not yet: informer-sync, etcd" {
		t.Error(err)
	}
	if notReady([]byte("ok"), nil) != nil {
		t.Error("ok is ready")
	}
}
