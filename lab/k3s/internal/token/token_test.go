package token

import (
	"strings"
	"testing"
	"time"

	"picluster/lab/k3s/internal/certs"
)

var hash = strings.Repeat("ab", 32)

func TestParse(t *testing.T) {
	for text, want := range map[string]Token{
		"secret":                                     {"", "server", "secret"},
		" secret\n":                                  {"", "server", "secret"},
		"K10" + hash + "::node:secret":               {hash, "node", "secret"},
		"K10" + hash + "::server:a:b":                {hash, "server", "a:b"},
		"abcdef.0123456789abcdef":                    {"", "abcdef", "0123456789abcdef"},
		"K10" + hash + "::abcdef.0123456789abcdef":   {hash, "abcdef", "0123456789abcdef"},
		"K1secret":                                   {"", "server", "K1secret"},
		"K10" + hash + "::server:0123456789abcdef.x": {hash, "server", "0123456789abcdef.x"},
	} {
		if got, err := Parse(text, "server"); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"K10abc::server:x":              "invalid token CA hash length",
		"K10" + hash + ":server:x":      "invalid token format",
		"K10" + hash + "::server":       "invalid token format",
		"K10" + hash + "a::server:pass": "invalid token CA hash length",
	} {
		if _, err := Parse(text, "server"); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestHashAndVerify(t *testing.T) {
	ca, err := certs.NewCA("one", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	other, err := certs.NewCA("other", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	full, err := Parse(Format(ca.Cert, "server", "p"), "x")
	if err != nil || full.User != "server" || full.Password != "p" || len(full.Hash) != 64 {
		t.Fatalf("%+v, %v", full, err)
	}
	if err := full.Verify(ca.Cert); err != nil {
		t.Error(err)
	}
	want := "token CA hash does not match the Cluster CA certificate hash: " + full.Hash + " != " + HashCA(other.Cert)
	if err := full.Verify(other.Cert); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := (Token{Password: "p"}).Verify(other.Cert); err != nil {
		t.Errorf("a short token checks no CA: %v", err)
	}
	chain := append(append([]byte{}, other.Cert...), ca.Cert...)
	alone := HashCA(ca.Cert)
	if got := HashCA(chain); got == alone || got == HashCA(other.Cert) {
		t.Error("a chain is hashed by its root's DER")
	}
	if !(Token{User: "abcdef", Password: "0123456789abcdef"}).IsBootstrap() || (Token{User: "server", Password: "x"}).IsBootstrap() {
		t.Error("IsBootstrap")
	}
}

func TestRandom(t *testing.T) {
	a, b := Random(16), Random(16)
	if len(a) != 16 || a == b || len(RandomHex(4)) != 8 {
		t.Errorf("%q %q %q", a, b, RandomHex(4))
	}
	if _, _, err := SplitBootstrap(Random(6) + "." + Random(16)); err != nil {
		t.Error(err)
	}
	if _, _, err := SplitBootstrap("ABC.def"); err == nil {
		t.Error("a wrong token was taken")
	}
}
