package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

func newKey(t *testing.T) (private []byte, public ssh.PublicKey) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	public, err = ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), public
}

func TestAccessRefusesWhatFluxRefuses(t *testing.T) {
	identity, host := newKey(t)
	hosts := "git.example.org " + string(ssh.MarshalAuthorizedKey(host))
	for _, c := range []struct {
		url    string
		secret map[string]string
		fail   string
	}{
		{"git://host/c.git", nil, `scheme "git"`},
		{"ssh://git@git.example.org/c.git", nil, "'identity' and 'known_hosts' are required"},
		{"ssh://git@git.example.org/c.git", map[string]string{"identity": string(identity)}, "'identity' and 'known_hosts' are required"},
		{"ssh://git@git.example.org/c.git", map[string]string{"identity": "nonsense", "known_hosts": hosts}, "identity:"},
		{"ssh://git@git.example.org/c.git", map[string]string{"identity": string(identity), "known_hosts": "nonsense"}, "known_hosts:"},
		{"ssh://git@git.example.org/c.git", map[string]string{"identity": string(identity), "known_hosts": hosts}, ""},
		{"https://host/c.git", nil, ""},
	} {
		secret := map[string][]byte{}
		for key, value := range c.secret {
			secret[key] = []byte(value)
		}
		_, err := accessFrom(c.url, secret)
		if (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
			t.Errorf("%s %d keys: %v; want %q", c.url, len(secret), err, c.fail)
		}
	}
}

func TestAnAddressShowsNoPassword(t *testing.T) {
	for address, want := range map[string]string{
		"https://me:hush@host/c.git": "https://me:xxxxx@host/c.git",
		"https://host/c.git":         "https://host/c.git",
		"http://me:hush@ho st/":      "(not a URL)",
	} {
		if got := (access{url: address}).String(); got != want {
			t.Errorf("%s shows as %s, want %s", address, got, want)
		}
	}
}

func TestSSHOffersOnlyTheKnownHostKeys(t *testing.T) {
	identity, host := newKey(t)
	secret := map[string][]byte{"identity": identity, "known_hosts": []byte("[git.example.org]:2222 " + string(ssh.MarshalAuthorizedKey(host)))}
	a, err := accessFrom("ssh://me@git.example.org:2222/c.git", secret)
	if err != nil {
		t.Fatal(err)
	}
	config, err := a.auth.(*sshKey).ClientConfig()
	if err != nil || config.User != "me" || !reflect.DeepEqual(config.HostKeyAlgorithms, []string{"ssh-ed25519"}) {
		t.Errorf("%+v, %v", config, err)
	}
}
