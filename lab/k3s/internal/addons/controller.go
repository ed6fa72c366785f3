// Package addons deploys what lies in server/manifests, with K3s's rules (reference/k3s.md section 9.2).
package addons

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"time"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/record"
)

const period = 15 * time.Second

var addonResource = schema.GroupVersionResource{Group: "k3s.cattle.io", Version: "v1", Resource: "addons"}

type controller struct {
	applier
	dir      string
	disabled []string
	events   record.EventRecorder
	addons   dynamic.ResourceInterface
	seen     map[string]seen // by path; empty at start, so that every file is applied once per start
}

type seen struct {
	mtime    time.Time
	checksum string
}

// Run writes the packaged manifests and deploys the directory until ctx ends.
func Run(ctx context.Context, rc *rest.Config, kube *kubernetes.Clientset, c *config.Config, cl config.Cluster) {
	client, err := dynamic.NewForConfig(rc)
	if err != nil {
		logger.Fatalf("addons: %v", err)
	}
	manager := "deploy@" + c.NodeName()
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: kube.CoreV1().Events(addonNamespace)})
	k := &controller{
		applier: applier{client, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kube.Discovery())), manager},
		dir:     c.Data("server", "manifests"), disabled: c.List("disable"), seen: map[string]seen{},
		events: events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: manager}),
		addons: client.Resource(addonResource).Namespace(addonNamespace),
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		logger.Fatalf("addons: %v", err)
	}
	if err := writePackaged(k.dir, c, cl); err != nil {
		logger.Fatalf("addons: %v", err)
	}
	if process.Retry(ctx, "define the Addon kind", time.Second, func() error { return k.define(ctx) }) != nil {
		return
	}
	for {
		k.pass(ctx)
		if !process.Sleep(ctx, period) {
			return
		}
	}
}

// define creates the Addon kind and waits until the API serves it.
func (k *controller) define(ctx context.Context) error {
	crds, err := parse(addonCRD)
	if err != nil {
		return err
	}
	for _, crd := range crds {
		api, _, err := k.resource(crd.GroupVersionKind(), "")
		if err != nil {
			return err
		}
		if _, err := api.Create(ctx, crd, metav1.CreateOptions{FieldManager: k.manager}); err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	_, err = k.addons.List(ctx, metav1.ListOptions{Limit: 1})
	return err
}

func (k *controller) pass(ctx context.Context) {
	list, err := walk(k.dir)
	if err != nil {
		logger.Errorf("Failed to process config: %v", err)
		return
	}
	for _, m := range list {
		switch {
		case m.disabled(k.disabled):
			err = k.remove(ctx, baseName(m.path), m.path)
		case m.skipped():
			err = nil
		default:
			err = k.deploy(ctx, m.path)
		}
		if err != nil {
			logger.Errorf("Failed to process config: failed to process %s: %v", m.path, err)
		}
	}
	for _, name := range k.disabled { // an Addon whose file is gone already
		if err := k.remove(ctx, name, ""); err != nil {
			logger.Errorf("Failed to process config: failed to disable %s: %v", name, err)
		}
	}
}

func (k *controller) deploy(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	last, again := k.seen[path]
	if again && last.mtime.Equal(info.ModTime()) {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	now := seen{info.ModTime(), hex.EncodeToString(sum[:])}
	if again && last.checksum == now.checksum {
		k.seen[path] = now
		return nil
	}
	addon, err := k.ensure(ctx, baseName(path))
	if err != nil {
		return err
	}
	k.event(addon, corev1.EventTypeNormal, "ApplyingManifest", "Applying manifest at %q", path)
	if err := k.applyFile(ctx, addon, path, raw, now.checksum); err != nil {
		k.event(addon, corev1.EventTypeWarning, "ApplyManifestFailed", "Applying manifest at %q failed: %v", path, err)
		return err
	}
	k.event(addon, corev1.EventTypeNormal, "AppliedManifest", "Applied manifest at %q", path)
	k.seen[path] = now
	return nil
}

// applyFile applies the objects, prunes what the file no longer has, and writes down in the Addon what it did.
func (k *controller) applyFile(ctx context.Context, addon *unstructured.Unstructured, path string, raw []byte, checksum string) error {
	objects, err := parse(raw)
	if err != nil {
		return err
	}
	gvks, keep := map[schema.GroupVersionKind]bool{}, map[string]bool{}
	for _, u := range objects {
		own(u, addon.GetName())
		if err := k.apply(ctx, u); err != nil {
			return err
		}
		gvks[u.GroupVersionKind()], keep[key(u)] = true, true
	}
	old := splitGVKs(addon.GetAnnotations()[gvksAnnotation])
	for g := range gvks {
		old[g] = true
	}
	if err := k.prune(ctx, addon.GetName(), old, keep); err != nil {
		return err
	}
	return k.record(ctx, addon, path, checksum, joinGVKs(gvks))
}

func (k *controller) ensure(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	have, err := k.addons.Get(ctx, name, metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		return have, err
	}
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "k3s.cattle.io/v1", "kind": "Addon",
		"metadata": map[string]any{"name": name, "namespace": addonNamespace}, "spec": map[string]any{}}}
	return k.addons.Create(ctx, u, metav1.CreateOptions{FieldManager: k.manager})
}

func (k *controller) record(ctx context.Context, addon *unstructured.Unstructured, path, checksum, gvks string) error {
	spec, _, _ := unstructured.NestedStringMap(addon.Object, "spec")
	if spec["source"] == path && spec["checksum"] == checksum && addon.GetAnnotations()[gvksAnnotation] == gvks {
		return nil
	}
	addon.Object["spec"] = map[string]any{"source": path, "checksum": checksum}
	annotations := addon.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[gvksAnnotation] = gvks
	addon.SetAnnotations(annotations)
	_, err := k.addons.Update(ctx, addon, metav1.UpdateOptions{FieldManager: k.manager})
	return err
}

// remove deletes a disabled AddOn: its objects, the file, the Addon.
func (k *controller) remove(ctx context.Context, name, path string) error {
	addon, err := k.addons.Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		k.event(addon, corev1.EventTypeNormal, "DeletingManifest", "Deleting manifest at %q", path)
		if err := k.prune(ctx, name, splitGVKs(addon.GetAnnotations()[gvksAnnotation]), nil); err != nil {
			return err
		}
		err = k.addons.Delete(ctx, name, metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if path == "" {
		return nil
	}
	delete(k.seen, path)
	return os.Remove(path)
}

func (k *controller) event(addon *unstructured.Unstructured, kind, reason, format string, args ...any) {
	ref := &corev1.ObjectReference{Kind: "Addon", APIVersion: "k3s.cattle.io/v1", Namespace: addon.GetNamespace(), Name: addon.GetName(), UID: addon.GetUID()}
	k.events.Eventf(ref, kind, reason, format, args...)
}
