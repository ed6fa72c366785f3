package addons

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// What says on an object which Addon it belongs to.
const (
	appliedAnnotation   = "objectset.rio.cattle.io/applied"
	idAnnotation        = "objectset.rio.cattle.io/id"
	ownerGVKAnnotation  = "objectset.rio.cattle.io/owner-gvk"
	ownerNameAnnotation = "objectset.rio.cattle.io/owner-name"
	ownerNSAnnotation   = "objectset.rio.cattle.io/owner-namespace"
	hashLabel           = "objectset.rio.cattle.io/hash"
	gvksAnnotation      = "addon.k3s.cattle.io/gvks"
	addonNamespace      = "kube-system"
	addonGVK            = "k3s.cattle.io/v1, Kind=Addon"
)

// parse reads a manifest's documents; Lists are taken apart, empty documents skipped.
func parse(raw []byte) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		var doc map[string]any
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		if len(doc) == 0 {
			continue
		}
		u := &unstructured.Unstructured{Object: doc}
		if u.GetKind() == "" || u.GetAPIVersion() == "" {
			return nil, fmt.Errorf("document %d has no apiVersion or kind", len(out)+1)
		}
		if !u.IsList() {
			out = append(out, u)
			continue
		}
		list, err := u.ToList()
		if err != nil {
			return nil, err
		}
		for i := range list.Items {
			out = append(out, &list.Items[i])
		}
	}
}

// ownerHash is the label's value: labels can't hold the owner's whole name.
func ownerHash(name string) string {
	sum := sha1.Sum([]byte("\x00" + addonGVK + "\x00" + addonNamespace + "/" + name))
	return hex.EncodeToString(sum[:])
}

// own marks an object as the Addon's.
func own(u *unstructured.Unstructured, addon string) {
	labels, annotations := u.GetLabels(), u.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[hashLabel] = ownerHash(addon)
	annotations[idAnnotation], annotations[ownerGVKAnnotation] = "", addonGVK
	annotations[ownerNameAnnotation], annotations[ownerNSAnnotation] = addon, addonNamespace
	u.SetLabels(labels)
	u.SetAnnotations(annotations)
}

// joinGVKs and splitGVKs write kinds as the annotation has them: `v1, Kind=Service;apps/v1, Kind=Deployment`.
func joinGVKs(gvks map[schema.GroupVersionKind]bool) string {
	var list []string
	for g := range gvks {
		list = append(list, g.String())
	}
	sort.Strings(list)
	return strings.Join(list, ";")
}

func splitGVKs(text string) map[schema.GroupVersionKind]bool {
	out := map[schema.GroupVersionKind]bool{}
	for _, part := range strings.Split(text, ";") {
		gv, kind, ok := strings.Cut(part, ", Kind=")
		if !ok {
			continue
		}
		if parsed, err := schema.ParseGroupVersion(strings.TrimPrefix(gv, "/")); err == nil {
			out[parsed.WithKind(kind)] = true
		}
	}
	return out
}

// key tells objects apart within one owner.
func key(u *unstructured.Unstructured) string {
	return u.GroupVersionKind().GroupKind().String() + "|" + u.GetNamespace() + "|" + u.GetName()
}
