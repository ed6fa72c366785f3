package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/record"
)

// bench is a controller over an API in memory and a clock that the test moves.
type bench struct {
	t   *testing.T
	c   *controller
	now time.Time
}

func newBench(t *testing.T, url string) *bench {
	b := &bench{t: t, now: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)}
	repository := &sourcev1.GitRepository{
		TypeMeta:   metav1.TypeMeta{APIVersion: sourcev1.GroupVersion.String(), Kind: sourcev1.GitRepositoryKind},
		ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "flux-system", Generation: 1},
		Spec: sourcev1.GitRepositorySpec{
			URL: url, Interval: metav1.Duration{Duration: time.Minute}, Reference: &sourcev1.GitRepositoryRef{Branch: "main"},
			SecretRef: &meta.LocalObjectReference{Name: "git"},
		},
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(repository)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[schema.GroupVersionResource]string{gitRepositories: "GitRepositoryList"}
	kube := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, &unstructured.Unstructured{Object: object})
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "git"},
		Data:       map[string][]byte{"username": []byte("flux"), "password": []byte("token")},
	}
	b.c = &controller{
		repositories: kube.Resource(gitRepositories),
		secrets:      kubefake.NewClientset(secret).CoreV1(),
		store:        storage{directory: t.TempDir(), address: "source-controller.flux-system.svc.cluster.local."},
		events:       record.NewFakeRecorder(100),
		now:          func() time.Time { return b.now },
	}
	return b
}

// look lets the controller look once and waits for what it began.
func (b *bench) look() *sourcev1.GitRepository {
	b.t.Helper()
	if err := b.c.look(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); b.busy(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("the reconciliation does not end")
		}
	}
	return b.get()
}

func (b *bench) busy() bool {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	for _, visit := range b.c.seen {
		if visit.busy {
			return true
		}
	}
	return false
}

func (b *bench) get() *sourcev1.GitRepository {
	b.t.Helper()
	item, err := b.c.repositories.Namespace("flux-system").Get(context.Background(), "flux-system", metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	repository := &sourcev1.GitRepository{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, repository); err != nil {
		b.t.Fatal(err)
	}
	return repository
}

func (b *bench) change(change func(*unstructured.Unstructured)) {
	b.t.Helper()
	client := b.c.repositories.Namespace("flux-system")
	item, err := client.Get(context.Background(), "flux-system", metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	change(item)
	if _, err := client.Update(context.Background(), item, metav1.UpdateOptions{}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) expect(r *sourcev1.GitRepository, conditions string) {
	b.t.Helper()
	var seen []string
	for _, kind := range []string{"Ready", "Reconciling", "ArtifactInStorage", "FetchFailed"} {
		if c := apimeta.FindStatusCondition(r.Status.Conditions, kind); c != nil {
			seen = append(seen, kind+"="+string(c.Status)+"/"+c.Reason)
		}
	}
	if got := strings.Join(seen, " "); got != conditions {
		b.t.Errorf("conditions %s, want %s", got, conditions)
	}
}

const good = "Ready=True/Succeeded ArtifactInStorage=True/Succeeded"

func TestFollowsABranch(t *testing.T) {
	server := newGitServer(t, true)
	first := server.commit(map[string]string{"a.yaml": "a"})
	b := newBench(t, server.url)

	r := b.look()
	b.expect(r, good)
	a := r.Status.Artifact
	path := "gitrepository/flux-system/flux-system/" + first + ".tar.gz"
	if a.Revision != "main@sha1:"+first || a.URL != "http://source-controller.flux-system.svc.cluster.local./"+path || a.Path != path || r.Status.ObservedGeneration != 1 {
		t.Errorf("artifact %+v", a)
	}
	content, err := os.ReadFile(filepath.Join(b.c.store.directory, a.Path))
	if err != nil || int64(len(content)) != *a.Size || !strings.HasPrefix(a.Digest, "sha256:") {
		t.Errorf("stored %d bytes, %v; artifact %+v", len(content), err, a)
	}

	second := server.commit(map[string]string{"a.yaml": "b"})
	if r := b.look(); r.Status.Artifact.Revision != "main@sha1:"+first {
		t.Error("looked before the interval was over")
	}
	b.now = b.now.Add(time.Minute)
	if r := b.look(); r.Status.Artifact.Revision != "main@sha1:"+second {
		t.Error("missed a commit when the interval was over")
	}
	third := server.commit(map[string]string{"a.yaml": "c"})
	b.change(func(item *unstructured.Unstructured) {
		item.SetAnnotations(map[string]string{meta.ReconcileRequestAnnotation: "now"})
	})
	if r := b.look(); r.Status.Artifact.Revision != "main@sha1:"+third || r.Status.LastHandledReconcileAt != "now" {
		t.Errorf("asked for: %+v", r.Status)
	}
	if kept, _ := filepath.Glob(filepath.Join(b.c.store.directory, "gitrepository/*/*/*")); len(kept) != 2 {
		t.Errorf("kept %v", kept)
	}
}

func TestWritesNothingWhenNothingIsNew(t *testing.T) {
	server := newGitServer(t, true)
	server.commit(map[string]string{"a.yaml": "a"})
	b := newBench(t, server.url)
	old := b.look()
	b.now = b.now.Add(time.Hour)
	if r := b.look(); !sameStatus(old, r) {
		t.Errorf("status %+v, was %+v", r.Status, old.Status)
	}
	// The storage went with the pod: the artifact is made again, the same.
	os.RemoveAll(b.c.store.directory)
	b.c.seen = nil
	r := b.look()
	b.expect(r, good)
	if r.Status.Artifact.Digest != old.Status.Artifact.Digest || !b.c.store.has(r.Status.Artifact) {
		t.Errorf("after a loss: %+v", r.Status.Artifact)
	}
}

func TestFailuresAreNamed(t *testing.T) {
	server := newGitServer(t, true)
	server.commit(map[string]string{"a.yaml": "a"})
	b := newBench(t, server.url)
	old := b.look()

	// A branch that is not there: the old artifact stays, the generation is not observed.
	b.change(func(item *unstructured.Unstructured) {
		item.SetGeneration(2)
		_ = unstructured.SetNestedField(item.Object, "none", "spec", "ref", "branch")
	})
	r := b.look()
	b.expect(r, "Ready=False/GitOperationFailed Reconciling=True/ProgressingWithRetry ArtifactInStorage=True/Succeeded FetchFailed=True/GitOperationFailed")
	ready := apimeta.FindStatusCondition(r.Status.Conditions, "Ready")
	if !strings.Contains(ready.Message, "refs/heads/none") || ready.ObservedGeneration != 2 || r.Status.ObservedGeneration != 1 || r.Status.Artifact.Revision != old.Status.Artifact.Revision {
		t.Errorf("status %+v", r.Status)
	}

	b.now = b.now.Add(time.Hour)
	// The API keeps seconds: wait until a condition that is set anew would show.
	time.Sleep(1100 * time.Millisecond)
	if again := b.look(); !sameStatus(r, again) {
		t.Errorf("a retry wrote %+v over %+v", again.Status, r.Status)
	}

	b.change(func(item *unstructured.Unstructured) {
		item.SetGeneration(3)
		_ = unstructured.SetNestedField(item.Object, "main", "spec", "ref", "branch")
		_ = unstructured.SetNestedField(item.Object, "other", "spec", "secretRef", "name")
	})
	b.expect(b.look(), "Ready=False/AuthenticationFailed Reconciling=True/ProgressingWithRetry ArtifactInStorage=True/Succeeded FetchFailed=True/AuthenticationFailed")

	b.change(func(item *unstructured.Unstructured) {
		item.SetGeneration(4)
		_ = unstructured.SetNestedField(item.Object, "git", "spec", "secretRef", "name")
	})
	r = b.look()
	b.expect(r, good)
	if r.Status.ObservedGeneration != 4 {
		t.Errorf("observed %d", r.Status.ObservedGeneration)
	}
}

func TestSuspendedAndDeleted(t *testing.T) {
	server := newGitServer(t, true)
	server.commit(map[string]string{"a.yaml": "a"})
	b := newBench(t, server.url)
	suspend := func(yes bool, generation int64) {
		b.change(func(item *unstructured.Unstructured) {
			item.SetGeneration(generation)
			_ = unstructured.SetNestedField(item.Object, yes, "spec", "suspend")
		})
	}
	suspend(true, 2)
	b.expect(b.look(), "")
	suspend(false, 3)
	b.expect(b.look(), good)
	_ = b.c.repositories.Namespace("flux-system").Delete(context.Background(), "flux-system", metav1.DeleteOptions{})
	if err := b.c.look(context.Background()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(b.c.store.directory, "gitrepository/*/*")); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestDue(t *testing.T) {
	now := time.Now()
	repository := &sourcev1.GitRepository{ObjectMeta: metav1.ObjectMeta{Generation: 2, Annotations: map[string]string{meta.ReconcileRequestAnnotation: "x"}}}
	for name, c := range map[string]struct {
		last visit
		due  bool
	}{
		"quiet":         {visit{generation: 2, requested: "x", next: now.Add(time.Second)}, false},
		"interval over": {visit{generation: 2, requested: "x", next: now}, true},
		"never seen":    {visit{}, true},
		"changed":       {visit{generation: 1, requested: "x", next: now.Add(time.Second)}, true},
		"asked for":     {visit{generation: 2, requested: "w", next: now.Add(time.Second)}, true},
	} {
		if got := due(repository, &c.last, now); got != c.due {
			t.Errorf("%s: %v", name, got)
		}
	}
}
