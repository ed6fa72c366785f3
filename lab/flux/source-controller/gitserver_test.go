package main

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// gitServer is git's own http-backend over one repository, c.git; its only user is flux:token when guarded.
type gitServer struct {
	t    *testing.T
	url  string
	work string
}

func newGitServer(t *testing.T, guarded bool) *gitServer {
	t.Helper()
	backend, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	s := &gitServer{t: t, work: filepath.Join(root, "work")}
	s.git("", "init", "-q", "--bare", filepath.Join(root, "c.git"))
	s.git("", "-C", filepath.Join(root, "c.git"), "config", "uploadpack.allowReachableSHA1InWant", "true")
	s.git("", "init", "-q", "-b", "main", s.work)
	s.git(s.work, "remote", "add", "origin", filepath.Join(root, "c.git"))
	handler := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if guarded && (user != "flux" || password != "token") && r.Header.Get("Authorization") != "Bearer bearer-token" {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL + "/c.git"
	return s
}

func (s *gitServer) git(directory string, args ...string) string {
	s.t.Helper()
	command := exec.Command("git", args...)
	command.Dir = directory
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.org", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.org")
	out, err := command.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit writes files (an empty text removes one), commits and pushes, and gives the commit's hash.
func (s *gitServer) commit(files map[string]string) string {
	s.t.Helper()
	for name, text := range files {
		path := filepath.Join(s.work, name)
		if text == "" {
			os.Remove(path)
			continue
		}
		os.MkdirAll(filepath.Dir(path), 0o755)
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			s.t.Fatal(err)
		}
	}
	s.git(s.work, "add", "-A")
	s.git(s.work, "commit", "-q", "--allow-empty", "-m", "change")
	s.git(s.work, "push", "-q", "origin", "HEAD")
	return s.git(s.work, "rev-parse", "HEAD")
}
