package supervisor

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/token"

	"golang.org/x/crypto/scrypt"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Headers by which a node says who it is.
const (
	HeaderName     = "K3s-Node-Name"
	HeaderIP       = "K3s-Node-IP"
	HeaderPassword = "K3s-Node-Password"
)

const rejected = "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match server node-passwd entry, " +
	"try enabling a unique node name with the --with-node-id flag"

func (s *Supervisor) clientKubelet(r *http.Request) ([]byte, error) {
	name, err := s.checkPassword(r)
	if err != nil {
		return nil, err
	}
	return sign(r, s.Identity.ClientCA, certs.Spec{CN: "system:node:" + name, Orgs: []string{"system:nodes"}, Usage: certs.Client})
}

func (s *Supervisor) servingKubelet(r *http.Request) ([]byte, error) {
	name, err := s.checkPassword(r)
	if err != nil {
		return nil, err
	}
	return sign(r, s.Identity.ServerCA, certs.Spec{CN: name, SANs: []string{name, r.Header.Get(HeaderIP), "127.0.0.1", "localhost"}, Usage: certs.Server})
}

func (s *Supervisor) clientOf(cn string) func(*http.Request) ([]byte, error) {
	return func(r *http.Request) ([]byte, error) {
		return sign(r, s.Identity.ClientCA, certs.Spec{CN: cn, Usage: certs.Client})
	}
}

func sign(r *http.Request, ca certs.Pair, spec certs.Spec) ([]byte, error) {
	csr, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return nil, err
	}
	return certs.Sign(ca, spec, csr, time.Now())
}

// checkPassword ties a node name to the password of its first start, for as long as the Secret lives.
func (s *Supervisor) checkPassword(r *http.Request) (string, error) {
	name, password := r.Header.Get(HeaderName), r.Header.Get(HeaderPassword)
	if name == "" || password == "" {
		return "", statusError{http.StatusBadRequest, "node name and password are needed"}
	}
	kube := s.kube.Load()
	if kube == nil {
		return "", unavailable("apiserver not ready")
	}
	secrets := kube.CoreV1().Secrets("kube-system")
	have, err := secrets.Get(r.Context(), name+".node-password.k3s", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		immutable := true
		hash, err := hashPassword(password)
		if err != nil {
			return "", err
		}
		_, err = secrets.Create(r.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name + ".node-password.k3s"}, Immutable: &immutable,
			StringData: map[string]string{"hash": hash}}, metav1.CreateOptions{})
		return name, err
	}
	if err != nil {
		return "", unavailable(err.Error())
	}
	if !verifyPassword(string(have.Data["hash"]), password) {
		return "", forbidden(rejected)
	}
	return name, nil
}

// hashPassword is $1:<salt>:<log2 N>:<r>:<p>:<scrypt>, in hexadecimal.
func hashPassword(password string) (string, error) {
	salt := token.RandomHex(8)
	key, err := scrypt.Key([]byte(password), []byte(salt), 1<<15, 8, 1, 32)
	return fmt.Sprintf("$1:%s:15:8:1:%s", salt, hex.EncodeToString(key)), err
}

func verifyPassword(hash, password string) bool {
	f := strings.Split(hash, ":")
	if len(f) != 6 || f[0] != "$1" {
		return false
	}
	n, err := strconv.Atoi(f[2])
	if err != nil || n < 1 || n > 20 {
		return false
	}
	key, err := scrypt.Key([]byte(password), []byte(f[1]), 1<<n, 8, 1, 32)
	return err == nil && same(hex.EncodeToString(key), f[5])
}

// apiservers are the addresses of all servers, for the agents' load balancers.
func (s *Supervisor) apiservers(r *http.Request) ([]byte, error) {
	kube := s.kube.Load()
	if kube == nil {
		return nil, unavailable("apiserver not ready")
	}
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	slices, err := kube.DiscoveryV1().EndpointSlices("default").List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=kubernetes"})
	if err != nil {
		return nil, unavailable(err.Error())
	}
	list := []string{}
	for _, slice := range slices.Items {
		for _, e := range slice.Endpoints {
			for _, a := range e.Addresses {
				list = append(list, a+":6443")
			}
		}
	}
	sort.Strings(list)
	return json.Marshal(list)
}
