package certs

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func authority(t *testing.T, cn string) Pair {
	t.Helper()
	ca, err := NewCA(cn, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestEnsureKeepsAndRenews(t *testing.T) {
	now := time.Now()
	one, other := authority(t, "ca"), authority(t, "ca")
	spec := Spec{CN: "kube-apiserver", SANs: []string{"localhost", "10.0.0.1"}, Usage: Server}
	with := func(f func(*Spec)) Spec {
		s := spec
		s.SANs = append([]string{}, spec.SANs...)
		f(&s)
		return s
	}
	for name, c := range map[string]struct {
		ca     Pair
		spec   Spec
		now    time.Time
		issues bool
	}{
		"nothing changed":            {one, spec, now, false},
		"fewer SANs required":        {one, with(func(s *Spec) { s.SANs = s.SANs[:1] }), now, false},
		"another SAN":                {one, with(func(s *Spec) { s.SANs = append(s.SANs, "api.example") }), now, true},
		"another address":            {one, with(func(s *Spec) { s.SANs = append(s.SANs, "10.0.0.2") }), now, true},
		"another name":               {one, with(func(s *Spec) { s.CN = "x" }), now, true},
		"another organisation":       {one, with(func(s *Spec) { s.Orgs = []string{"system:masters"} }), now, true},
		"another usage":              {one, with(func(s *Spec) { s.Usage = Peer }), now, true},
		"another CA of the same CN":  {other, spec, now, true},
		"121 days and more are left": {one, spec, now.AddDate(0, 0, 244), false},
		"less than 120 days":         {one, spec, now.AddDate(0, 0, 246), true},
		"long past":                  {one, spec, now.AddDate(2, 0, 0), true},
	} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), "tls", "leaf")
			first, issued, err := Ensure(base, one, spec, now)
			if err != nil || !issued {
				t.Fatal(issued, err)
			}
			second, issued, err := Ensure(base, c.ca, c.spec, c.now)
			if err != nil || issued != c.issues {
				t.Fatalf("issued %v, want %v (%v)", issued, c.issues, err)
			}
			if !bytes.Equal(first.Key, second.Key) {
				t.Error("the key changed")
			}
			if bytes.Equal(first.Cert, second.Cert) == c.issues {
				t.Error("the certificate must change exactly when it is issued")
			}
			verify(t, base, c.ca, c.spec, c.now)
		})
	}
}

// verify reads the files as a client would: leaf and CA in .crt, private key unreadable to others.
func verify(t *testing.T, base string, ca Pair, spec Spec, now time.Time) {
	t.Helper()
	raw, err := os.ReadFile(base + ".crt")
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(raw)
	if !bytes.Equal(rest, ca.Cert) {
		t.Error("the CA does not follow the leaf")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.Cert)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
	for _, san := range spec.SANs {
		if err := leaf.VerifyHostname(san); err != nil {
			t.Error(err)
		}
	}
	if info, err := os.Stat(base + ".key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info, err)
	}
}

func TestDamagedFilesAreReplaced(t *testing.T) {
	base := filepath.Join(t.TempDir(), "leaf")
	ca, spec := authority(t, "ca"), Spec{CN: "x", Usage: Client}
	if _, _, err := Ensure(base, ca, spec, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(base+".crt", []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, issued, err := Ensure(base, ca, spec, time.Now()); err != nil || !issued {
		t.Errorf("issued %v, %v", issued, err)
	}
	verify(t, base, ca, spec, time.Now())
}

func TestSign(t *testing.T) {
	ca, dir := authority(t, "ca"), t.TempDir()
	key, err := EnsureKey(dir + "/k.key")
	if err != nil {
		t.Fatal(err)
	}
	csr, err := Request(key)
	if err != nil {
		t.Fatal(err)
	}
	spec := Spec{CN: "system:node:n1", Orgs: []string{"system:nodes"}, Usage: Client}
	cert, err := Sign(ca, spec, csr, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if why := Outdated(Pair{cert, key}, ca, spec, time.Now()); why != "" {
		t.Error(why)
	}
	csr[len(csr)/2] ^= 1
	if _, err := Sign(ca, spec, csr, time.Now()); err == nil {
		t.Error("a damaged request was signed")
	}
}
