package supervisor

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"picluster/lab/k3s/internal/token"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// statusError is an error with the HTTP status that tells it best.
type statusError struct {
	code int
	text string
}

func (e statusError) Error() string { return e.text }

func unavailable(text string) error { return statusError{http.StatusServiceUnavailable, text} }
func forbidden(text string) error   { return statusError{http.StatusForbidden, text} }

func statusOf(err error) int {
	var s statusError
	if errors.As(err, &s) {
		return s.code
	}
	return http.StatusInternalServerError
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// isServer knows the server token.
func (s *Supervisor) isServer(r *http.Request) bool {
	user, password, ok := r.BasicAuth()
	return ok && user == "server" && same(s.ServerToken, password)
}

// isNode knows a token for agents, the server token, a bootstrap token, or has a node's certificate.
func (s *Supervisor) isNode(r *http.Request) bool {
	if r.TLS != nil {
		for _, c := range r.TLS.PeerCertificates {
			for _, org := range c.Subject.Organization {
				if org == "system:nodes" {
					return true
				}
			}
		}
	}
	user, password, ok := r.BasicAuth()
	switch {
	case !ok:
		return false
	case user == "node" || user == "server":
		return same(s.ServerToken, password) || user == "node" && same(s.AgentToken, password)
	}
	return s.isBootstrap(r.Context(), token.Token{User: user, Password: password})
}

func (s *Supervisor) isBootstrap(ctx context.Context, t token.Token) bool {
	kube := s.kube.Load()
	if kube == nil || !t.IsBootstrap() {
		return false
	}
	secret, err := kube.CoreV1().Secrets("kube-system").Get(ctx, "bootstrap-token-"+t.User, metav1.GetOptions{})
	if err != nil || !same(string(secret.Data["token-secret"]), t.Password) || string(secret.Data["usage-bootstrap-authentication"]) != "true" {
		return false
	}
	expires, err := time.Parse(time.RFC3339, string(secret.Data["expiration"]))
	return len(secret.Data["expiration"]) == 0 || err == nil && time.Now().Before(expires)
}
