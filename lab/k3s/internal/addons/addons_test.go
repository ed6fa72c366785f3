package addons

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"picluster/lab/k3s/internal/config"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, n := range names {
		path := filepath.Join(root, n)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestWalk(t *testing.T) {
	root := tree(t, "b.yaml", "a.yml", "c.json", "d.txt", ".hidden.yaml", "e.yaml", "e.yaml.skip", "metrics-server/deep/x.yaml")
	outside := tree(t, "linked.yaml", "second/y.yaml")
	if err := os.Symlink(outside, filepath.Join(root, "z")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, "metrics-server", "not-followed")); err != nil {
		t.Fatal(err)
	}
	list, err := walk(root)
	if err != nil {
		t.Fatal(err)
	}
	var got, skipped []string
	for _, m := range list {
		name := strings.TrimPrefix(m.path, root+"/")
		got = append(got, name)
		if m.skipped() {
			skipped = append(skipped, name)
		}
	}
	want := []string{"a.yml", "b.yaml", "c.json", "e.yaml", "metrics-server/deep/x.yaml", "z/linked.yaml", "z/second/y.yaml"}
	if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(skipped, []string{"e.yaml"}) {
		t.Errorf("%q, skipped %q", got, skipped)
	}
	if list, err := walk(root + "/none"); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestDisabled(t *testing.T) {
	for _, c := range []struct {
		m    manifest
		name string
		want bool
	}{
		{manifest{"/m/coredns.yaml", nil}, "coredns", true},
		{manifest{"/m/coredns.v2.yaml", nil}, "coredns", true},
		{manifest{"/m/coredns-extra.yaml", nil}, "coredns", false},
		{manifest{"/m/metrics-server/deploy.yaml", []string{"metrics-server"}}, "metrics-server", true},
		{manifest{"/m/mine.yaml", nil}, "traefik", false},
	} {
		if got := c.m.disabled([]string{"other", c.name}); got != c.want {
			t.Errorf("%s by %s: %v", c.m.path, c.name, got)
		}
	}
}

func TestPackaged(t *testing.T) {
	dir := t.TempDir()
	c, err := config.Load(config.Server, []string{"--config=/nonexistent", "--cluster-domain=lab.test"}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	cl, err := c.Cluster()
	if err != nil {
		t.Fatal(err)
	}
	if err := writePackaged(dir, c, cl); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(dir + "/coredns.yaml")
	if err != nil || strings.Contains(string(raw), "%{") || !strings.Contains(string(raw), "10.43.0.10") || !strings.Contains(string(raw), "kubernetes lab.test") {
		t.Errorf("%s, %v", raw, err)
	}
	for _, f := range []string{"coredns.yaml", "rolebindings.yaml"} {
		raw, err := os.ReadFile(dir + "/" + f)
		if err != nil {
			t.Fatal(err)
		}
		if objects, err := parse(raw); err != nil || len(objects) < 3 {
			t.Errorf("%s: %d objects, %v", f, len(objects), err)
		}
	}
	disabled, err := config.Load(config.Server, []string{"--config=/nonexistent", "--disable=traefik,coredns"}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	if err := writePackaged(other, disabled, cl); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(other + "/coredns.yaml"); !os.IsNotExist(err) {
		t.Errorf("a disabled manifest was written: %v", err)
	}
}

func TestParseTakesListsApart(t *testing.T) {
	objects, err := parse([]byte("---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n---\n{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"c\"}}\n"))
	var names []string
	for _, o := range objects {
		names = append(names, o.GetName())
	}
	if err != nil || !reflect.DeepEqual(names, []string{"a", "b", "c"}) {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := parse([]byte("a: 1")); err == nil {
		t.Error("a document without kind was taken")
	}
}

func TestGVKs(t *testing.T) {
	text := "/v1, Kind=Service;apps/v1, Kind=Deployment"
	if got := joinGVKs(splitGVKs(text)); got != text {
		t.Errorf("%q", got)
	}
	if got := splitGVKs(""); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func configMap(data map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a"}, "data": data}}
}

func TestThreeWayTouchesOnlyItsOwn(t *testing.T) {
	original := []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1","gone":"1"}}`)
	have := configMap(map[string]any{"x": "1", "gone": "1", "foreign": "kept"})
	kind, patch, err := threeWay(original, configMap(map[string]any{"x": "2"}), have)
	if err != nil || kind != types.StrategicMergePatchType || string(patch) != `{"data":{"gone":null,"x":"2"}}` {
		t.Errorf("%s %s, %v", kind, patch, err)
	}
	if _, patch, err := threeWay(original, configMap(map[string]any{"x": "1", "gone": "1"}), have); err != nil || string(patch) != "{}" {
		t.Errorf("nothing to do, but %s, %v", patch, err)
	}
	custom := func(x string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.test/v1", "kind": "Thing", "metadata": map[string]any{"name": "a"}, "spec": map[string]any{"x": x}}}
	}
	if kind, patch, err := threeWay(nil, custom("2"), custom("1")); err != nil || kind != types.MergePatchType || string(patch) != `{"spec":{"x":"2"}}` {
		t.Errorf("%s %s, %v", kind, patch, err)
	}
}

func TestPackUnpack(t *testing.T) {
	text, err := pack([]byte(`{"a":1}`))
	if err != nil || string(unpack(text)) != `{"a":1}` {
		t.Errorf("%s, %v", unpack(text), err)
	}
	if unpack("") != nil || unpack("nonsense!") != nil {
		t.Error("an object of somebody else has no original")
	}
}
