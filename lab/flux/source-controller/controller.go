package main

import (
	"context"
	"log"
	"sync"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
)

var gitRepositories = schema.GroupVersionResource{Group: sourcev1.GroupVersion.Group, Version: sourcev1.GroupVersion.Version, Resource: "gitrepositories"}

type controller struct {
	repositories dynamic.NamespaceableResourceInterface
	secrets      typedcorev1.SecretsGetter
	store        storage
	events       record.EventRecorder
	now          func() time.Time

	mu   sync.Mutex
	seen map[types.NamespacedName]*visit
}

// visit is what is remembered of an object between two looks at it.
type visit struct {
	busy       bool
	generation int64
	requested  string
	next       time.Time
}

// run looks at all objects again and again until the context ends. The lab has a handful: no informers, no queue.
func (c *controller) run(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := c.look(ctx); err != nil && ctx.Err() == nil {
			log.Printf("list GitRepositories: %v", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// look starts the reconciliation of each object that is due; one that hangs holds up no other. It forgets objects that are gone.
func (c *controller) look(ctx context.Context) error {
	list, err := c.repositories.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	present := map[types.NamespacedName]bool{}
	for _, item := range list.Items {
		repository := &sourcev1.GitRepository{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, repository); err != nil {
			log.Printf("%s/%s: %v", item.GetNamespace(), item.GetName(), err)
			continue
		}
		name := types.NamespacedName{Namespace: repository.Namespace, Name: repository.Name}
		present[name] = true
		if c.begin(name, repository) {
			go c.visit(ctx, name, repository)
		}
	}
	c.forget(present)
	return nil
}

// begin says whether the object is due, and takes note that work on it has begun.
func (c *controller) begin(name types.NamespacedName, repository *sourcev1.GitRepository) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = map[types.NamespacedName]*visit{}
	}
	last, known := c.seen[name]
	if !known {
		last = &visit{}
		c.seen[name] = last
	}
	if repository.Spec.Suspend || last.busy || !due(repository, last, c.now()) {
		return false
	}
	last.busy, last.generation, last.requested = true, repository.Generation, requestedAt(repository)
	return true
}

// due: never seen, changed, asked for by annotation, or its interval is over.
func due(repository *sourcev1.GitRepository, last *visit, now time.Time) bool {
	return last.generation != repository.Generation || last.requested != requestedAt(repository) || !now.Before(last.next)
}

// minimumInterval keeps a tiny interval from being a loop.
const minimumInterval = 2 * time.Second

func (c *controller) visit(ctx context.Context, name types.NamespacedName, repository *sourcev1.GitRepository) {
	wait := max(repository.Spec.Interval.Duration, minimumInterval)
	if err := c.reconcile(ctx, repository); err != nil {
		log.Printf("%s: %v", name, err)
		wait = minimumInterval
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.seen[name]; ok {
		last.busy, last.next = false, c.now().Add(wait)
	}
}

func (c *controller) forget(present map[types.NamespacedName]bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, last := range c.seen {
		if !present[name] && !last.busy {
			delete(c.seen, name)
			c.store.remove(name)
		}
	}
}

// writeStatus writes the status when it differs. Somebody else's write in between is no error: the object is looked at again.
func (c *controller) writeStatus(ctx context.Context, old, repository *sourcev1.GitRepository) error {
	if sameStatus(old, repository) {
		return nil
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(repository)
	if err != nil {
		return err
	}
	item := &unstructured.Unstructured{Object: object}
	item.SetGroupVersionKind(sourcev1.GroupVersion.WithKind(sourcev1.GitRepositoryKind))
	written, err := c.repositories.Namespace(repository.Namespace).UpdateStatus(ctx, item, metav1.UpdateOptions{FieldManager: "source-controller"})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil {
		repository.ResourceVersion = written.GetResourceVersion()
	}
	return err
}
