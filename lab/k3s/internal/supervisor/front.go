package supervisor

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"picluster/lab/k3s/internal/certs"
	"picluster/lab/k3s/internal/logger"
)

// APIServerAddress is where the API server itself listens, for this machine alone.
const APIServerAddress = "127.0.0.1:6444"

// Serve opens port 6443: the supervisor's own paths, and everything else to the API server.
func (s *Supervisor) Serve(serving, authProxy certs.Pair) error {
	cert, err := tls.X509KeyPair(serving.Cert, serving.Key)
	if err != nil {
		return err
	}
	front, err := tls.X509KeyPair(authProxy.Cert, authProxy.Key)
	if err != nil {
		return err
	}
	asUser, asBearer := s.proxy(front), s.proxy()
	mux := s.routes()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			asUser.ServeHTTP(w, r)
			return
		}
		asBearer.ServeHTTP(w, r)
	})
	clientCAs := x509.NewCertPool()
	clientCAs.AppendCertsFromPEM(s.Identity.ClientCA.Cert)
	l, err := net.Listen("tcp", ":6443")
	if err != nil {
		return fmt.Errorf("supervisor: %w", err)
	}
	srv := &http.Server{Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: clientCAs}, ErrorLog: quietLog}
	go func() { logger.Fatalf("supervisor exited: %v", srv.ServeTLS(l, "", "")) }()
	return nil
}

// proxy passes requests to the API server. With a certificate it vouches for the caller, whose name goes into request headers.
func (s *Supervisor) proxy(certificates ...tls.Certificate) *httputil.ReverseProxy {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.Identity.ServerCA.Cert)
	target := &url.URL{Scheme: "https", Host: APIServerAddress}
	return &httputil.ReverseProxy{
		FlushInterval: -1,
		ErrorLog:      quietLog,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}, MaxIdleConnsPerHost: 100},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			for k := range r.Out.Header {
				if strings.HasPrefix(http.CanonicalHeaderKey(k), "X-Remote-") {
					r.Out.Header.Del(k) // nobody names himself
				}
			}
			if t := r.In.TLS; t != nil && len(t.PeerCertificates) > 0 {
				r.Out.Header.Set("X-Remote-User", t.PeerCertificates[0].Subject.CommonName)
				r.Out.Header["X-Remote-Group"] = append([]string{}, t.PeerCertificates[0].Subject.Organization...)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "apiserver not ready: "+err.Error(), http.StatusServiceUnavailable)
		},
	}
}
