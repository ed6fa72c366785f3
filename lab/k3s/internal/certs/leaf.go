package certs

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"picluster/lab/k3s/internal/files"
)

// renewBefore is the rest of its life at which K3s renews a leaf at start.
const renewBefore = 120 * 24 * time.Hour

// Usages of a leaf.
var (
	Client = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	Server = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	Peer   = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
)

// Spec is what a leaf must say.
type Spec struct {
	CN    string
	Orgs  []string
	SANs  []string
	Usage []x509.ExtKeyUsage
}

// Ensure keeps the leaf at BASE.crt/.key while it fits, and issues it anew when it is near its end, when name, organisations,
// required SANs or usage differ, or when its CA changed. The key is kept when there is one. Says whether it issued.
func Ensure(base string, ca Pair, spec Spec, now time.Time) (Pair, bool, error) {
	if old, err := Read(base); err == nil && Outdated(old, ca, spec, now) == "" {
		return old, false, nil
	}
	key, err := EnsureKey(base + ".key")
	if err != nil {
		return Pair{}, false, err
	}
	signer, err := parseKey(key)
	if err != nil {
		return Pair{}, false, fmt.Errorf("%s.key: %w", base, err)
	}
	cert, err := Issue(ca, spec, signer.Public(), now)
	if err != nil {
		return Pair{}, false, err
	}
	p := Pair{cert, key}
	return p, true, p.Write(base)
}

// EnsureKey reads a private key, or makes one (0600).
func EnsureKey(path string) ([]byte, error) {
	if raw, err := os.ReadFile(path); err == nil {
		return raw, nil
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return key, files.Write(path, key, 0o600)
}

// Outdated says why a leaf can't stay; empty when it can.
func Outdated(p Pair, ca Pair, spec Spec, now time.Time) string {
	leaf, err := ParseCert(p.Cert)
	if err != nil {
		return "unreadable"
	}
	key, err := parseKey(p.Key)
	if err != nil {
		return "unreadable key"
	}
	issuer, err := ParseCert(ca.Cert)
	if err != nil {
		return "unreadable CA"
	}
	equal, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok || !equal.Equal(leaf.PublicKey):
		return "key of another certificate"
	case now.Add(renewBefore).After(leaf.NotAfter):
		return "near its end"
	case leaf.CheckSignatureFrom(issuer) != nil || !bytes.HasSuffix(p.Cert, ca.Cert):
		return "CA changed"
	case leaf.Subject.CommonName != spec.CN || !sameSet(leaf.Subject.Organization, spec.Orgs):
		return "subject changed"
	case !slices.Equal(leaf.ExtKeyUsage, spec.Usage):
		return "usage changed"
	}
	for _, san := range spec.SANs {
		if san != "" && !hasSAN(leaf, san) {
			return "SAN " + san + " missing"
		}
	}
	return ""
}

func hasSAN(c *x509.Certificate, san string) bool {
	if ip := net.ParseIP(san); ip != nil {
		return slices.ContainsFunc(c.IPAddresses, ip.Equal)
	}
	return slices.Contains(c.DNSNames, san)
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Issue signs a leaf for 365 days; the result holds the leaf and its CA.
func Issue(ca Pair, spec Spec, public crypto.PublicKey, now time.Time) ([]byte, error) {
	issuer, err := ParseCert(ca.Cert)
	if err != nil {
		return nil, err
	}
	signer, err := parseKey(ca.Key)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{Subject: pkix.Name{CommonName: spec.CN, Organization: spec.Orgs}, SerialNumber: serial(), NotBefore: now.Add(-time.Hour),
		NotAfter: now.AddDate(0, 0, 365), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: spec.Usage}
	for _, san := range spec.SANs {
		if ip := net.ParseIP(san); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else if san != "" {
			t.DNSNames = append(t.DNSNames, san)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, issuer, public, signer)
	if err != nil {
		return nil, err
	}
	return append(encode("CERTIFICATE", der), ca.Cert...), nil
}
