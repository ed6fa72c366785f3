package supervisor

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/token"
)

func TestNodePasswordHash(t *testing.T) {
	hash, err := hashPassword("right")
	if err != nil || !strings.HasPrefix(hash, "$1:") {
		t.Fatal(hash, err)
	}
	if !verifyPassword(hash, "right") || verifyPassword(hash, "wrong") || verifyPassword("nonsense", "right") || verifyPassword("", "") {
		t.Error(hash)
	}
}

// serve runs the supervisor's own paths behind TLS, with a CA of its own.
func serve(t *testing.T) (*Supervisor, string) {
	t.Helper()
	ca, err := certs.NewCA("k3s-server-ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	leaf, _, err := certs.Ensure(t.TempDir()+"/serving", ca, certs.Spec{CN: "x", SANs: []string{"127.0.0.1"}, Usage: certs.Server}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.X509KeyPair(leaf.Cert, leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	s := &Supervisor{Identity: Identity{ServerCA: ca, ClientCA: ca}, Cluster: config.Cluster{ClusterCIDR: "10.42.0.0/16"}, ServerToken: "server-secret", AgentToken: "agent-secret"}
	h := httptest.NewUnstartedServer(s.routes())
	h.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	h.StartTLS()
	t.Cleanup(h.Close)
	return s, h.URL
}

func TestWhoMayWhat(t *testing.T) {
	s, url := serve(t)
	full := token.Format(s.Identity.ServerCA.Cert, "server", "server-secret")
	for _, c := range []struct {
		token, user, path string
		want              int
	}{
		{"agent-secret", "node", "/v1-k3s/config", 200},
		{"server-secret", "node", "/v1-k3s/config", 200},
		{full, "node", "/v1-k3s/config", 200},
		{"server-secret", "server", "/v1-k3s/server-bootstrap", 200},
		{"agent-secret", "server", "/v1-k3s/server-bootstrap", 401},
		{"agent-secret", "node", "/v1-k3s/server-bootstrap", 401},
		{"wrong", "node", "/v1-k3s/config", 401},
		{"abcdef.0123456789abcdef", "node", "/v1-k3s/config", 401},
		{"agent-secret", "node", "/v1-k3s/readyz", 503},
		{"agent-secret", "node", "/v1-k3s/apiservers", 503},
	} {
		cl, err := NewClient(context.Background(), url, c.token, c.user, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = cl.Call(context.Background(), http.MethodGet, c.path, nil, nil)
		code := 200
		var status *StatusError
		if errors.As(err, &status) {
			code = status.Code
		} else if err != nil {
			t.Fatal(err)
		}
		if code != c.want {
			t.Errorf("%s as %s on %s: %d, want %d", c.token, c.user, c.path, code, c.want)
		}
	}
}

func TestClientRefusesAnotherCA(t *testing.T) {
	_, url := serve(t)
	other, _ := serve(t)
	_, err := NewClient(context.Background(), url, token.Format(other.Identity.ServerCA.Cert, "node", "agent-secret"), "node", nil)
	if err == nil || !strings.HasPrefix(err.Error(), "token CA hash does not match the Cluster CA certificate hash: ") {
		t.Error(err)
	}
}

func TestStatusErrorSpeaksPlainly(t *testing.T) {
	e := &StatusError{Path: "https://x/v1-k3s/client-kubelet.crt", Status: "403 Forbidden", Body: rejected, Code: 403}
	if e.Error() != rejected {
		t.Error(e)
	}
}
