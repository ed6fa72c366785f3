package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"reflect"
	"strings"
	"testing"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
)

func TestRevisions(t *testing.T) {
	server := newGitServer(t, false)
	first := server.commit(map[string]string{"a.yaml": "a"})
	server.git(server.work, "tag", "-a", "-m", "annotated", "v1")
	server.git(server.work, "push", "-q", "origin", "v1")
	second := server.commit(map[string]string{"b.yaml": "b"})
	server.git(server.work, "push", "-q", "origin", "HEAD:refs/heads/release/1")
	type ref = sourcev1.GitRepositoryRef
	for _, c := range []struct {
		ref            *ref
		revision, fail string
	}{
		{&ref{Branch: "main"}, "main@sha1:" + second, ""},
		{&ref{Branch: "release/1"}, "release/1@sha1:" + second, ""},
		{&ref{Tag: "v1"}, "v1@sha1:" + first, ""},
		{&ref{Branch: "main", Tag: "v1"}, "v1@sha1:" + first, ""},
		{&ref{Name: "refs/heads/main"}, "refs/heads/main@sha1:" + second, ""},
		{&ref{Commit: first}, "sha1:" + first, ""},
		{&ref{Branch: "main", Commit: first}, "main@sha1:" + first, ""},
		{nil, "", "reference 'refs/heads/master' not found"},
		{&ref{Branch: "none"}, "", "reference 'refs/heads/none' not found"},
		{&ref{Commit: strings.Repeat("0a", 20)}, "", "unable to check out commit"},
		{&ref{Commit: "abc"}, "", "'abc' is not a commit"},
		{&ref{SemVer: ">=1"}, "", "semver"},
	} {
		revision, err := func() (string, error) {
			a := access{url: server.url}
			r, err := resolve(context.Background(), a, c.ref)
			if err != nil {
				return "", err
			}
			commit, err := checkout(context.Background(), a, &r)
			if err == nil && commit.Hash != r.hash {
				t.Errorf("%+v: commit %s for %s", c.ref, commit.Hash, r.hash)
			}
			return r.revision(), err
		}()
		if c.fail == "" && (err != nil || revision != c.revision) {
			t.Errorf("%+v: %q, %v; want %q", c.ref, revision, err, c.revision)
		}
		if c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%+v: %v; want an error with %q", c.ref, err, c.fail)
		}
	}
}

func TestAuthentication(t *testing.T) {
	server := newGitServer(t, true)
	server.commit(map[string]string{"a.yaml": "a"})
	for _, c := range []struct {
		secret map[string]string
		fail   string
	}{
		{map[string]string{"username": "flux", "password": "token"}, ""},
		{map[string]string{"bearerToken": "bearer-token"}, ""},
		{map[string]string{"username": "flux", "password": "wrong"}, "authentication required"},
		{map[string]string{}, "authentication required"},
	} {
		secret := map[string][]byte{}
		for key, value := range c.secret {
			secret[key] = []byte(value)
		}
		a, err := accessFrom(server.url, secret)
		if err != nil {
			t.Fatal(err)
		}
		_, err = resolve(context.Background(), a, &sourcev1.GitRepositoryRef{Branch: "main"})
		if (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
			t.Errorf("%v: %v; want %q", c.secret, err, c.fail)
		}
		if err != nil && strings.Contains(err.Error(), "wrong") {
			t.Errorf("the password shows in %v", err)
		}
	}
}

func TestArchiveHoldsWhatFluxWould(t *testing.T) {
	server := newGitServer(t, false)
	hash := server.commit(map[string]string{
		"apps/a.yaml":       "a: 1\n",
		"run.sh":            "#!/bin/sh\n",
		"picture.png":       "x",
		".github/ci.yaml":   "x",
		".gitignore":        "x",
		".sourceignore":     "/skipped/\n",
		"skipped/b.yaml":    "b",
		"sub/.sourceignore": "*.txt\n",
		"sub/note.txt":      "x",
		"sub/c.yaml":        "c",
	})
	content := func(ignore *string) []byte {
		r, err := resolve(context.Background(), access{url: server.url}, &sourcev1.GitRepositoryRef{Branch: "main"})
		if err != nil {
			t.Fatal(err)
		}
		commit, err := checkout(context.Background(), access{url: server.url}, &r)
		if err != nil {
			t.Fatal(err)
		}
		if r.hash.String() != hash {
			t.Fatalf("%s, want %s", r.hash, hash)
		}
		bytes, err := archive(commit, ignore)
		if err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	first := content(nil)
	want := map[string]int64{".sourceignore": 0o644, "apps/a.yaml": 0o644, "run.sh": 0o755, "sub/.sourceignore": 0o644, "sub/c.yaml": 0o644}
	if got := members(t, first); !reflect.DeepEqual(got, want) {
		t.Errorf("archive: %v, want %v", got, want)
	}
	if !bytes.Equal(first, content(nil)) {
		t.Error("the same tree gave other bytes")
	}
	own := "*\n!/apps/\n!/apps/**\n"
	if got := members(t, content(&own)); got["apps/a.yaml"] == 0 || got["run.sh"] != 0 {
		t.Errorf("spec.ignore: %v", got)
	}
}

func members(t *testing.T, content []byte) map[string]int64 {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int64{}
	for packed := tar.NewReader(zipped); ; {
		header, err := packed.Next()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[header.Name] = header.Mode
	}
}
