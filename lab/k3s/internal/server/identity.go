package server

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strconv"
	"time"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/supervisor"
)

// authority is one CA: where it lies below server/tls, and what it is called.
type authority struct {
	base, cn string
	pair     *certs.Pair
}

func authorities(id *supervisor.Identity) []authority {
	return []authority{
		{"server-ca", "k3s-server-ca", &id.ServerCA},
		{"client-ca", "k3s-client-ca", &id.ClientCA},
		{"request-header-ca", "k3s-request-header-ca", &id.RequestHeaderCA},
		{"etcd/peer-ca", "etcd-peer-ca", &id.EtcdPeerCA},
		{"etcd/server-ca", "etcd-server-ca", &id.EtcdServerCA},
	}
}

// readIdentity takes the cluster's authorities from server/tls.
func readIdentity(c *config.Config) (supervisor.Identity, error) {
	var id supervisor.Identity
	for _, a := range authorities(&id) {
		p, err := certs.Read(c.Data("server", "tls", a.base))
		if err != nil {
			return id, fmt.Errorf("the cluster's identity is incomplete: %w", err)
		}
		*a.pair = p
	}
	var err error
	id.ServiceKey, err = os.ReadFile(c.Data("server", "tls", "service.key"))
	return id, err
}

// readOrMakeIdentity keeps authorities that lie there (custom ones, or those of a database that was wiped).
func readOrMakeIdentity(c *config.Config, now time.Time) (supervisor.Identity, error) {
	var id supervisor.Identity
	stamp := strconv.FormatInt(now.Unix(), 10)
	for _, a := range authorities(&id) {
		p, err := certs.Read(c.Data("server", "tls", a.base))
		if os.IsNotExist(err) {
			p, err = certs.NewCA(a.cn+"@"+stamp, now)
		}
		if err != nil {
			return id, err
		}
		*a.pair = p
	}
	key, err := os.ReadFile(c.Data("server", "tls", "service.key"))
	if os.IsNotExist(err) {
		key, err = newServiceKey()
	}
	if err != nil {
		return id, err
	}
	id.ServiceKey = key
	return id, writeIdentity(c, id)
}

func newServiceKey() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
}

func writeIdentity(c *config.Config, id supervisor.Identity) error {
	tls := c.Data("server", "tls")
	for _, d := range []string{c.Data("server"), c.Data("server", "cred"), tls, tls + "/etcd", c.Data("server", "manifests"), c.Data("server", "db")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	for _, a := range authorities(&id) {
		if err := a.pair.Write(tls + "/" + a.base); err != nil {
			return err
		}
	}
	for _, name := range []string{"server-ca", "client-ca"} {
		pair := map[string]certs.Pair{"server-ca": id.ServerCA, "client-ca": id.ClientCA}[name]
		if _, err := files.WriteChanged(tls+"/"+name+".nochain.crt", pair.Cert, 0o644); err != nil {
			return err
		}
	}
	for _, name := range []string{"service.key", "service.current.key"} {
		if _, err := files.WriteChanged(tls+"/"+name, id.ServiceKey, 0o600); err != nil {
			return err
		}
	}
	return nil
}
