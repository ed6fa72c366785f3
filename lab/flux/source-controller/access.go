package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// access is all that is needed to talk to a git server.
type access struct {
	url  string
	auth transport.AuthMethod
	// authorities are PEM certificates to trust besides the system's.
	authorities []byte
}

// String is the address as conditions and logs may show it: without a password.
func (a access) String() string {
	parsed, err := url.Parse(a.url)
	if err != nil {
		return "(not a URL)"
	}
	return parsed.Redacted()
}

// accessFrom reads a Secret as Flux does: username and password or bearerToken, and ca.crt, for http(s); identity, known_hosts and password for ssh.
func accessFrom(address string, secret map[string][]byte) (access, error) {
	a := access{url: address}
	parsed, err := url.Parse(address)
	if err != nil {
		return a, err
	}
	switch parsed.Scheme {
	case "http", "https":
		a.authorities = secret["ca.crt"]
		if len(a.authorities) == 0 {
			a.authorities = secret["caFile"]
		}
		a.auth = httpAuth(secret)
		return a, nil
	case "ssh":
		a.auth, err = sshAuth(parsed, secret)
		return a, err
	}
	return a, fmt.Errorf("scheme %q of %s is none of http, https, ssh", parsed.Scheme, parsed.Redacted())
}

func httpAuth(secret map[string][]byte) transport.AuthMethod {
	if token := secret["bearerToken"]; len(token) > 0 {
		return &githttp.TokenAuth{Token: string(token)}
	}
	if len(secret["username"]) > 0 || len(secret["password"]) > 0 {
		return &githttp.BasicAuth{Username: string(secret["username"]), Password: string(secret["password"])}
	}
	return nil
}

// sshKey pins the host key's algorithms to those that known_hosts has; else the server may offer another key of its own, and be refused.
type sshKey struct {
	*gitssh.PublicKeys
	algorithms []string
}

func (k *sshKey) ClientConfig() (*ssh.ClientConfig, error) {
	config, err := k.PublicKeys.ClientConfig()
	if err == nil {
		config.HostKeyAlgorithms = k.algorithms
	}
	return config, err
}

func sshAuth(address *url.URL, secret map[string][]byte) (transport.AuthMethod, error) {
	if len(secret["identity"]) == 0 || len(secret["known_hosts"]) == 0 {
		return nil, errors.New("invalid 'ssh' auth option: 'identity' and 'known_hosts' are required")
	}
	user := address.User.Username()
	if user == "" {
		user = gitssh.DefaultUsername
	}
	keys, err := gitssh.NewPublicKeys(user, secret["identity"], string(secret["password"]))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	hosts, err := parseKnownHosts(secret["known_hosts"])
	if err != nil {
		return nil, fmt.Errorf("known_hosts: %w", err)
	}
	keys.HostKeyCallback = hosts.HostKeyCallback()
	port := address.Port()
	if port == "" {
		port = "22"
	}
	return &sshKey{PublicKeys: keys, algorithms: hosts.HostKeyAlgorithms(address.Hostname() + ":" + port)}, nil
}

// parseKnownHosts goes through a file, for the library reads nothing else.
func parseKnownHosts(text []byte) (*knownhosts.HostKeyDB, error) {
	file, err := os.CreateTemp("", "known_hosts-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, err
	}
	return knownhosts.NewDB(file.Name())
}
