// Package supervisor is what servers offer on port 6443 beside the Kubernetes API, and the client side of it.
package supervisor

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"picluster/lab/k3s/internal/token"
)

// Client speaks to a server's supervisor, trusting the CA that the token names.
type Client struct {
	base        string
	token       token.Token
	withCert    *http.Client // nil when the node has no certificate yet
	withoutCert *http.Client
	CA          []byte
}

// StatusError is an answer other than 200.
type StatusError struct {
	Path, Status, Body string
	Code               int
}

func (e *StatusError) Error() string {
	if e.Code == http.StatusForbidden && strings.HasPrefix(e.Body, "Node password rejected") {
		return e.Body
	}
	return fmt.Sprintf("%s: %s: %s", e.Path, e.Status, e.Body)
}

// NewClient fetches and verifies the server's CA. user is whom a short token stands for; cert, when not nil, goes first.
func NewClient(ctx context.Context, base, text, user string, cert *tls.Certificate) (*Client, error) {
	t, err := token.Parse(text, user)
	if err != nil {
		return nil, err
	}
	if t.User == "node" || t.User == "server" { // the server token is good for nodes too
		t.User = user
	}
	insecure := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	c := &Client{base: strings.TrimSuffix(base, "/"), token: t}
	if c.CA, err = do(ctx, insecure, http.MethodGet, c.base+"/cacerts", nil, nil); err != nil {
		return nil, fmt.Errorf("failed to get CA certs: %w", err)
	}
	if err := t.Verify(c.CA); err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.CA)
	make := func(certs ...tls.Certificate) *http.Client {
		return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: certs}}}
	}
	c.withoutCert = make()
	if cert != nil {
		c.withCert = make(*cert)
	}
	return c, nil
}

// Call sends a request with the node's certificate, or else with the token. body may be nil.
func (c *Client) Call(ctx context.Context, method, path string, header map[string]string, body []byte) ([]byte, error) {
	if c.withCert != nil {
		if out, err := do(ctx, c.withCert, method, c.base+path, header, body); err == nil {
			return out, nil
		}
	}
	return do(ctx, c.withoutCert, method, c.base+path, header, body, c.token.User, c.token.Password)
}

// JSON is Call with an answer to decode.
func (c *Client) JSON(ctx context.Context, path string, out any) error {
	raw, err := c.Call(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

func do(ctx context.Context, h *http.Client, method, url string, header map[string]string, body []byte, basic ...string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	if len(basic) == 2 {
		req.SetBasicAuth(basic[0], basic[1])
	}
	res, err := h.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(io.LimitReader(res.Body, 1<<24))
	if err == nil && res.StatusCode != http.StatusOK {
		err = &StatusError{Path: url, Status: res.Status, Body: strings.TrimSpace(string(out)), Code: res.StatusCode}
	}
	return out, err
}
