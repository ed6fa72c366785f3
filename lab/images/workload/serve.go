package main

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

type state struct {
	settings
	finishing atomic.Bool
}

func (s *state) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.hello)
	mux.HandleFunc("GET /slow", s.slow)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	return mux
}

func (s *state) hello(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "hostname: %s\nmessage: %s\nstate: %s\n", s.hostname, s.message, s.word())
}

func (s *state) word() string {
	if s.finishing.Load() {
		return "finishing"
	}
	return "serving"
}

func (s *state) ready(w http.ResponseWriter, _ *http.Request) {
	if s.finishing.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, s.word())
}

// slow answers after ?seconds=N (default 5, at most 300), as a request does that is under way when a node goes.
func (s *state) slow(w http.ResponseWriter, r *http.Request) {
	seconds := 5
	if text := r.URL.Query().Get("seconds"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 300 {
			http.Error(w, "seconds: 0 to 300", http.StatusBadRequest)
			return
		}
		seconds = n
	}
	select {
	case <-time.After(time.Duration(seconds) * time.Second):
		s.hello(w, r)
	case <-r.Context().Done():
	}
}
