package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// setting writes config.yaml and drop-ins and loads them.
func setting(t *testing.T, role string, files map[string]string, env map[string]string, args ...string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	getenv := func(k string) string { return env[k] }
	return Load(role, append([]string{"--config=" + filepath.Join(dir, "config.yaml")}, args...), getenv)
}

func TestMerge(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		env   map[string]string
		args  []string
		key   string
		want  []string
	}{
		"last file wins":               {map[string]string{"config.yaml": "tls-san: [a, b]", "config.yaml.d/1.yaml": "tls-san: c"}, nil, nil, "tls-san", []string{"c"}},
		"plus appends":                 {map[string]string{"config.yaml": "tls-san: a", "config.yaml.d/1.yaml": "tls-san+: [c]"}, nil, nil, "tls-san", []string{"a", "c"}},
		"without plus discards":        {map[string]string{"config.yaml": "tls-san: a", "config.yaml.d/1.yaml": "tls-san+: b", "config.yaml.d/2.yaml": "tls-san: c"}, nil, nil, "tls-san", []string{"c"}},
		"yml, upper case, byte order":  {map[string]string{"config.yaml.d/b.YML": "token: b", "config.yaml.d/a.yaml": "token: a", "config.yaml.d/z.txt": "token: z"}, nil, nil, "token", []string{"b"}},
		"duplicate key: the last":      {map[string]string{"config.yaml": "token: a\ntoken: b"}, nil, nil, "token", []string{"b"}},
		"alias":                        {map[string]string{"config.yaml": "t: a"}, nil, nil, "token", []string{"a"}},
		"command line after the file":  {map[string]string{"config.yaml": "token: a"}, nil, []string{"-t", "b"}, "token", []string{"a", "b"}},
		"lists of both are added":      {map[string]string{"config.yaml": "tls-san: a"}, nil, []string{"--tls-san", "b"}, "tls-san", []string{"a", "b"}},
		"file beats environment":       {map[string]string{"config.yaml": "token: a"}, map[string]string{"K3S_TOKEN": "e"}, nil, "token", []string{"a"}},
		"environment fills":            {nil, map[string]string{"K3S_URL": "https://x:6443"}, nil, "server", []string{"https://x:6443"}},
		"octal is YAML 1.1":            {map[string]string{"config.yaml": "write-kubeconfig-mode: 0644"}, nil, nil, "write-kubeconfig-mode", []string{"420"}},
		"bool":                         {map[string]string{"config.yaml": "cluster-init: true"}, nil, nil, "cluster-init", []string{"true"}},
		"bool flag takes no next word": {nil, nil, []string{"--cluster-init", "--token", "x"}, "token", []string{"x"}},
		"empty value":                  {map[string]string{"config.yaml": "token:"}, nil, nil, "token", []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := setting(t, Server, c.files, c.env, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Raw(c.key), c.want) {
				t.Errorf("%s = %q, want %q", c.key, got.Raw(c.key), c.want)
			}
		})
	}
}

func TestUnknownKeys(t *testing.T) {
	file := map[string]string{"config.yaml": "nonsense: 1\nz: 2\ntoken: a"}
	c, err := setting(t, Server, file, nil)
	if err != nil || c.String("token", "") != "a" {
		t.Fatalf("server: %v, token %q", err, c.String("token", ""))
	}
	want := []string{"Unknown flag --nonsense found in config.yaml, skipping", "Unknown flag -z found in config.yaml, skipping"}
	if !slices.Equal(c.Warnings, want) {
		t.Errorf("warnings %q, want %q", c.Warnings, want)
	}
	for name, c := range map[string]struct {
		role, file string
		args       []string
		want       string
	}{
		"agent, unknown key":            {Agent, "nonsense: 1", nil, "flag provided but not defined: -nonsense"},
		"agent, a server's key":         {Agent, "cluster-cidr: 10.1.0.0/16", nil, "flag provided but not defined: -cluster-cidr"},
		"server, unknown flag":          {Server, "", []string{"--nonsense"}, "flag provided but not defined: -nonsense"},
		"server, an agent's key":        {Server, "", []string{"--disable-apiserver-lb"}, "flag provided but not defined: -disable-apiserver-lb"},
		"internal fields are no keys":   {Server, "", []string{"--supervisor-port=1"}, "flag provided but not defined: -supervisor-port"},
		"a value is missing":            {Server, "", []string{"--token"}, "flag needs an argument: -token"},
		"not a number":                  {Server, "https-listen-port: many", nil, `invalid value "many" for flag -https-listen-port: parse error`},
		"not a boolean":                 {Server, "cluster-init: sure", nil, `invalid value "sure" for flag -cluster-init: parse error`},
		"no YAML":                       {Server, "a: [", nil, "config.yaml: yaml:"},
		"a bad value in an ignored key": {Server, "etcd-s3-timeout: soon", nil, "parse error"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := setting(t, c.role, map[string]string{"config.yaml": c.file}, nil, c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestIgnoredKeysAreSaid(t *testing.T) {
	c, err := setting(t, Server, map[string]string{"config.yaml": "secrets-encryption: true\nhelm-controller-arg: [a]\nno-such: 1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the lab accepts and ignores secrets-encryption", "the lab accepts and ignores helm-controller-arg"} {
		if !slices.Contains(c.Warnings, want) {
			t.Errorf("no warning %q in %q", want, c.Warnings)
		}
	}
}

func TestEnvironmentNamesTheFileFirst(t *testing.T) {
	env := func(k string) string { return map[string]string{"K3S_CONFIG_FILE": "/env.yaml"}[k] }
	none := func(string) string { return "" }
	for _, c := range []struct {
		args []string
		env  func(string) string
		want string
	}{
		{[]string{"--config", "/a.yaml"}, env, "/env.yaml"},
		{[]string{"--config", "/a.yaml"}, none, "/a.yaml"},
		{[]string{"--config=/a.yaml"}, none, "/a.yaml"},
		{[]string{"-c=/a.yaml"}, none, "/a.yaml"},
		{[]string{"-c", "/a.yaml"}, none, "/a.yaml"},
		{nil, none, DefaultFile},
	} {
		if got := configFile(c.args, c.env); got != c.want {
			t.Errorf("%v: %s, want %s", c.args, got, c.want)
		}
	}
}

func TestRedacted(t *testing.T) {
	c, err := setting(t, Server, map[string]string{"config.yaml": "token: secret\nagent-token: other\nnode-name: n1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(c.Redacted(), " ")
	if strings.Contains(got, "secret") || strings.Contains(got, "other") || !strings.Contains(got, "--node-name n1") {
		t.Errorf("redacted: %s", got)
	}
}
