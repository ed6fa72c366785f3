package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v2"
)

// DefaultFile is read when neither K3S_CONFIG_FILE nor --config name another.
const DefaultFile = "/etc/rancher/k3s/config.yaml"

// entry is one top-level key of the merged files with its values, one per flag occurrence.
type entry struct {
	key    string
	values []string
}

// configFile finds the file's path. The environment is looked at first, as K3s does.
func configFile(args []string, env func(string) string) string {
	if f := env("K3S_CONFIG_FILE"); f != "" {
		return f
	}
	for i, a := range args {
		for _, flag := range []string{"--config", "-config", "-c", "--c"} {
			if v, ok := strings.CutPrefix(a, flag+"="); ok {
				return v
			}
			if a == flag && i+1 < len(args) {
				return args[i+1]
			}
		}
	}
	return DefaultFile
}

// readFiles merges the file and its drop-ins; what is missing is no error.
func readFiles(path string) ([]entry, error) {
	var merged []entry
	for _, f := range append([]string{path}, dropIns(path+".d")...) {
		raw, err := os.ReadFile(f)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if merged, err = mergeDocument(merged, raw); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
	}
	return merged, nil
}

// dropIns are the directory's .yaml and .yml files in the byte order of their names.
func dropIns(dir string) []string {
	var files []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".yaml", ".yml":
			if !e.IsDir() {
				files = append(files, filepath.Join(dir, e.Name()))
			}
		}
	}
	return files
}

// mergeDocument adds one file: the last file wins, a key with "+" appends to what came before, order is first appearance.
func mergeDocument(merged []entry, raw []byte) ([]entry, error) {
	var doc yaml.MapSlice // YAML 1.1 as in K3s: a duplicate key is no error, 0644 is octal
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	for _, item := range doc {
		key := text(item.Key)
		name, adds := strings.CutSuffix(key, "+")
		values := texts(item.Value)
		at := -1
		for i, e := range merged {
			if e.key == name {
				at = i
			}
		}
		switch {
		case at < 0:
			merged = append(merged, entry{name, values})
		case adds:
			merged[at].values = append(merged[at].values, values...)
		default:
			merged[at].values = values
		}
	}
	return merged, nil
}

func texts(v any) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{text(v)}
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		out = append(out, text(x))
	}
	return out
}

func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// arguments turns the entries into the flags that K3s puts before the real command line.
func arguments(entries []entry) []string {
	var out []string
	for _, e := range entries {
		dashes := "--"
		if len(e.key) == 1 {
			dashes = "-"
		}
		for _, v := range e.values {
			out = append(out, dashes+e.key+"="+v)
		}
	}
	return out
}
