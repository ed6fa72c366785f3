// Package certs issues the cluster's certificates and keeps them over restarts (reference/k3s.md section 3.4).
package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"time"

	"picluster/lab/k3s/internal/files"
)

// Pair is a certificate with its key, as PEM. Cert may hold the issuer behind the leaf.
type Pair struct{ Cert, Key []byte }

// NewCA makes a self-signed authority for ten years.
func NewCA(cn string, now time.Time) (Pair, error) {
	key, err := newKey()
	if err != nil {
		return Pair{}, err
	}
	signer, err := parseKey(key)
	if err != nil {
		return Pair{}, err
	}
	t := &x509.Certificate{Subject: pkix.Name{CommonName: cn}, SerialNumber: serial(), NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment}
	der, err := x509.CreateCertificate(rand.Reader, t, t, signer.Public(), signer)
	if err != nil {
		return Pair{}, err
	}
	return Pair{encode("CERTIFICATE", der), key}, nil
}

// Read loads BASE.crt and BASE.key.
func Read(base string) (Pair, error) {
	cert, err := os.ReadFile(base + ".crt")
	if err != nil {
		return Pair{}, err
	}
	key, err := os.ReadFile(base + ".key")
	return Pair{cert, key}, err
}

// Write stores BASE.crt and BASE.key where they differ; certificates 0644 in a directory that root alone enters, keys 0600.
func (p Pair) Write(base string) error {
	if _, err := files.WriteChanged(base+".key", p.Key, 0o600); err != nil {
		return err
	}
	_, err := files.WriteChanged(base+".crt", p.Cert, 0o644)
	return err
}

// ParseCert is the first certificate of a PEM file.
func ParseCert(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("no PEM certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

func parseKey(raw []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("no PEM key")
	}
	if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := k.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key of type %T can't sign", k)
	}
	return signer, nil
}

func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return encode("EC PRIVATE KEY", der), nil
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return n
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
