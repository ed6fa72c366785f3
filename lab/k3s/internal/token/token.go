// Package token reads and writes K3s's join tokens (reference/k3s.md section 3.3).
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

const prefix = "K10"

// Token is a join token in parts. Hash is empty for the short form.
type Token struct{ Hash, User, Password string }

var bootstrap = regexp.MustCompile(`^([a-z0-9]{6})\.([a-z0-9]{16})$`)

// Parse takes K10<hash>::<user>:<password>, K10<hash>::<id>.<secret> and the short forms, the password or id.secret alone.
// user is whom the short form stands for.
func Parse(text, user string) (Token, error) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, prefix) {
		return credentials(Token{User: user}, text), nil
	}
	hash, rest, ok := strings.Cut(strings.TrimPrefix(text, prefix), "::")
	if !ok {
		return Token{}, fmt.Errorf("invalid token format")
	}
	if len(hash) != 64 {
		return Token{}, fmt.Errorf("invalid token CA hash length")
	}
	t := Token{Hash: hash, User: user}
	if bootstrap.MatchString(rest) {
		return credentials(t, rest), nil
	}
	if t.User, t.Password, ok = strings.Cut(rest, ":"); !ok || t.Password == "" {
		return Token{}, fmt.Errorf("invalid token format")
	}
	return t, nil
}

func credentials(t Token, text string) Token {
	t.Password = text
	if m := bootstrap.FindStringSubmatch(text); m != nil {
		t.User, t.Password = m[1], m[2]
	}
	return t
}

// IsBootstrap says whether the token is of the kind that `k3s token create` makes: its user is then the token's id.
func (t Token) IsBootstrap() bool { return bootstrap.MatchString(t.User + "." + t.Password) }

// Format is the secure form for the cluster of this server CA.
func Format(caPEM []byte, user, password string) string {
	return prefix + HashCA(caPEM) + "::" + user + ":" + password
}

// FormatBootstrap is the secure form of a bootstrap token.
func FormatBootstrap(caPEM []byte, text string) string { return prefix + HashCA(caPEM) + "::" + text }

// HashCA is the hash that secure tokens carry: of the PEM bytes of a lone certificate, else of the root's DER.
func HashCA(caPEM []byte) string {
	var certs []*x509.Certificate
	for rest := caPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			certs = append(certs, c)
		}
	}
	sum := sha256.Sum256(caPEM)
	if len(certs) > 1 {
		sum = sha256.Sum256(certs[len(certs)-1].Raw)
	}
	return hex.EncodeToString(sum[:])
}

// Verify checks the CA that a server shows against the token's hash; the short form trusts whoever answers.
func (t Token) Verify(caPEM []byte) error {
	if h := HashCA(caPEM); t.Hash != "" && t.Hash != h {
		return fmt.Errorf("token CA hash does not match the Cluster CA certificate hash: %s != %s", t.Hash, h)
	}
	return nil
}

// SplitBootstrap takes id.secret apart.
func SplitBootstrap(text string) (id, secret string, err error) {
	m := bootstrap.FindStringSubmatch(text)
	if m == nil {
		return "", "", fmt.Errorf("the token %q must match %s", text, bootstrap)
	}
	return m[1], m[2], nil
}

// Random is n characters of a-z0-9.
func Random(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			panic(err) // the machine has no randomness: nothing can go on
		}
		out[i] = letters[k.Int64()]
	}
	return string(out)
}

// RandomHex is n random bytes in hexadecimal.
func RandomHex(n int) string {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(err)
	}
	return hex.EncodeToString(b)
}
