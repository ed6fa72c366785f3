package addons

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
)

// applier brings objects into the cluster by three-way patches, as K3s does: it owns what the manifest says, no more.
type applier struct {
	client  dynamic.Interface
	mapper  meta.ResettableRESTMapper
	manager string
}

// resource finds the API for an object; a kind that was only just defined is looked up anew.
func (a applier) resource(gvk schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, bool, error) {
	m, err := a.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		a.mapper.Reset()
		m, err = a.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	}
	if err != nil {
		return nil, false, err
	}
	if m.Scope.Name() == meta.RESTScopeNameRoot {
		return a.client.Resource(m.Resource), false, nil
	}
	return a.client.Resource(m.Resource).Namespace(namespace), true, nil
}

// apply creates or patches; nothing is sent when nothing differs.
func (a applier) apply(ctx context.Context, want *unstructured.Unstructured) error {
	_, namespaced, err := a.resource(want.GroupVersionKind(), "")
	if err != nil {
		return err
	}
	if namespaced && want.GetNamespace() == "" {
		want.SetNamespace("default")
	} else if !namespaced {
		want.SetNamespace("")
	}
	api, _, err := a.resource(want.GroupVersionKind(), want.GetNamespace())
	if err != nil {
		return err
	}
	pristine, err := json.Marshal(want.Object)
	if err != nil {
		return err
	}
	applied, err := pack(pristine)
	if err != nil {
		return err
	}
	annotations := want.GetAnnotations()
	annotations[appliedAnnotation] = applied
	want.SetAnnotations(annotations)
	have, err := api.Get(ctx, want.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = api.Create(ctx, want, metav1.CreateOptions{FieldManager: a.manager})
		return err
	}
	if err != nil {
		return err
	}
	kind, patch, err := threeWay(unpack(have.GetAnnotations()[appliedAnnotation]), want, have)
	if err != nil || string(patch) == "{}" {
		return err
	}
	_, err = api.Patch(ctx, want.GetName(), kind, patch, metav1.PatchOptions{FieldManager: a.manager})
	return err
}

// threeWay is strategic for kinds that this binary knows, a JSON merge patch for the rest.
func threeWay(original []byte, want, have *unstructured.Unstructured) (types.PatchType, []byte, error) {
	modified, err := json.Marshal(want.Object)
	if err != nil {
		return "", nil, err
	}
	current, err := json.Marshal(have.Object)
	if err != nil {
		return "", nil, err
	}
	typed, err := scheme.Scheme.New(want.GroupVersionKind())
	if err != nil {
		patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(original, modified, current)
		return types.MergePatchType, patch, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return "", nil, err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(original, modified, current, lookup, true)
	return types.StrategicMergePatchType, patch, err
}

// prune deletes the Addon's objects of these kinds that keep does not name.
func (a applier) prune(ctx context.Context, addon string, gvks map[schema.GroupVersionKind]bool, keep map[string]bool) error {
	var errs []error
	for gvk := range gvks {
		api, _, err := a.resource(gvk, "")
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		list, err := api.List(ctx, metav1.ListOptions{LabelSelector: hashLabel + "=" + ownerHash(addon)})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for i := range list.Items {
			u := &list.Items[i]
			if keep[key(u)] || u.GetDeletionTimestamp() != nil {
				continue
			}
			one, _, err := a.resource(gvk, u.GetNamespace())
			if err == nil {
				background := metav1.DeletePropagationBackground
				err = one.Delete(ctx, u.GetName(), metav1.DeleteOptions{PropagationPolicy: &background})
			}
			if err != nil && !apierrors.IsNotFound(err) {
				errs = append(errs, fmt.Errorf("deleting %s: %w", key(u), err))
			}
		}
	}
	return errors.Join(errs...)
}

func pack(raw []byte) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(b.Bytes()), nil
}

// unpack is nil for an object that was never applied by us: then nothing of it is removed.
func unpack(text string) []byte {
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(z)
	if err != nil {
		return nil
	}
	return out
}
