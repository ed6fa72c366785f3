package supervisor

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"sync/atomic"
	"time"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/etcd"

	"k8s.io/client-go/kubernetes"
)

var quietLog = log.New(io.Discard, "", 0) // TLS handshakes of probes and vanished clients are no news

// Identity is what every server of a cluster shares: authorities and the key of service accounts.
type Identity struct {
	ServerCA, ClientCA, RequestHeaderCA, EtcdPeerCA, EtcdServerCA certs.Pair
	ServiceKey                                                    []byte
}

// Supervisor answers agents and joining servers.
type Supervisor struct {
	Identity    Identity
	Cluster     config.Cluster
	ServerToken string // passwords only
	AgentToken  string
	Registry    string // system-default-registry, which agents inherit
	Member      *etcd.Member
	kube        atomic.Pointer[kubernetes.Clientset] // nil until the API answers
}

// AgentConfig is what an agent learns of its cluster.
type AgentConfig struct {
	config.Cluster
	SystemDefaultRegistry string
}

// Ready tells the supervisor that the API answers.
func (s *Supervisor) Ready(kube *kubernetes.Clientset) { s.kube.Store(kube) }

func (s *Supervisor) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/cacerts", func(w http.ResponseWriter, _ *http.Request) { w.Write(s.Identity.ServerCA.Cert) })
	mux.HandleFunc("/ping", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("pong")) })
	for path, h := range map[string]func(*http.Request) ([]byte, error){
		"config":                    s.config,
		"server-ca.crt":             func(*http.Request) ([]byte, error) { return s.Identity.ServerCA.Cert, nil },
		"client-ca.crt":             func(*http.Request) ([]byte, error) { return s.Identity.ClientCA.Cert, nil },
		"client-kubelet.crt":        s.clientKubelet,
		"serving-kubelet.crt":       s.servingKubelet,
		"client-kube-proxy.crt":     s.clientOf("system:kube-proxy"),
		"client-k3s-controller.crt": s.clientOf("system:k3s-controller"),
		"apiservers":                s.apiservers,
		"readyz":                    s.readyz,
	} {
		mux.HandleFunc("/v1-k3s/"+path, s.guard(s.isNode, h))
	}
	mux.HandleFunc("/v1-k3s/server-bootstrap", s.guard(s.isServer, func(*http.Request) ([]byte, error) { return json.Marshal(s.Identity) }))
	mux.HandleFunc("/db/info", s.guard(s.isServer, s.dbInfo))
	return mux
}

// guard lets callers through whom allowed knows; a refusal says no more than K3s does.
func (s *Supervisor) guard(allowed func(*http.Request) bool, f func(*http.Request) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !allowed(r) {
			http.Error(w, "not authorized", http.StatusUnauthorized)
			return
		}
		out, err := f(r)
		if err != nil {
			http.Error(w, err.Error(), statusOf(err))
			return
		}
		w.Write(out)
	}
}

func (s *Supervisor) config(*http.Request) ([]byte, error) {
	return json.Marshal(AgentConfig{s.Cluster, s.Registry})
}

func (s *Supervisor) dbInfo(r *http.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	members, err := s.Member.Members(ctx)
	if err != nil {
		return nil, unavailable(err.Error())
	}
	return json.Marshal(members)
}

func (s *Supervisor) readyz(*http.Request) ([]byte, error) {
	if s.kube.Load() == nil {
		return nil, unavailable("apiserver not ready")
	}
	return []byte("ok"), nil
}
