package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func get(t *testing.T, s *state, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestAnswers(t *testing.T) {
	s := &state{settings: settings{hostname: "pod-1", message: "good day"}}
	for _, c := range []struct {
		path      string
		finishing bool
		code      int
		body      string
	}{
		{"/", false, 200, "hostname: pod-1\nmessage: good day\nstate: serving\n"},
		{"/", true, 200, "hostname: pod-1\nmessage: good day\nstate: finishing\n"},
		{"/readyz", false, 200, "serving\n"},
		{"/readyz", true, 503, "finishing\n"},
		{"/healthz", true, 200, "ok\n"},
		{"/slow?seconds=0", false, 200, "hostname: pod-1\nmessage: good day\nstate: serving\n"},
		{"/slow?seconds=x", false, 400, "seconds: 0 to 300\n"},
		{"/other", false, 404, "404 page not found\n"},
	} {
		s.finishing.Store(c.finishing)
		if code, body := get(t, s, c.path); code != c.code || body != c.body {
			t.Errorf("%s (finishing %v): %d %q, want %d %q", c.path, c.finishing, code, body, c.code, c.body)
		}
	}
}

func TestFinishNotesEachUnitThenDone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "progress")
	if err := finish(settings{graceWork: 3, progressFile: file}, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(file)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 4 || !strings.HasSuffix(lines[2], "finishing 3 of 3") || lines[3] != "done" {
		t.Errorf("progress file: %q", lines)
	}
}

func TestSettings(t *testing.T) {
	for value, want := range map[string]int{"": 0, "15": 15, "0": 0, "-1": -1, "soon": -1} {
		s, err := settingsFrom(func(name string) string {
			if name == "GRACE_WORK_SECONDS" {
				return value
			}
			return ""
		})
		if (err != nil) != (want < 0) || err == nil && s.graceWork != want {
			t.Errorf("GRACE_WORK_SECONDS=%q: %d, %v", value, s.graceWork, err)
		}
	}
}
