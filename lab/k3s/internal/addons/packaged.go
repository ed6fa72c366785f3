package addons

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"picluster/lab/k3s/internal/config"
	"picluster/lab/k3s/internal/files"
)

//go:embed manifests/*.yaml
var packaged embed.FS

//go:embed crd.yaml
var addonCRD []byte

// writePackaged rewrites the packaged manifests at every start, without those that are disabled.
func writePackaged(dir string, c *config.Config, cl config.Cluster) error {
	registry := c.String("system-default-registry", "docker.io")
	fill := strings.NewReplacer("%{CLUSTER_DNS}%", cl.ClusterDNS, "%{CLUSTER_DOMAIN}%", cl.ClusterDomain, "%{SYSTEM_DEFAULT_REGISTRY}%", registry)
	return fs.WalkDir(packaged, "manifests", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if c.Disabled(baseName(d.Name())) {
			return nil
		}
		raw, err := packaged.ReadFile(path)
		if err != nil {
			return err
		}
		return files.Write(filepath.Join(dir, d.Name()), []byte(fill.Replace(string(raw))), 0o600)
	})
}

// baseName is an AddOn's name: the file's up to the first dot.
func baseName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// manifest is one file of server/manifests.
type manifest struct {
	path string
	dirs []string // directories between the root and the file
}

// disabled says whether `disable` names the file's base name or one of its directories.
func (m manifest) disabled(names []string) bool {
	for _, d := range names {
		if d == baseName(m.path) {
			return true
		}
		for _, dir := range m.dirs {
			if d == dir {
				return true
			}
		}
	}
	return false
}

// skipped says whether FILE.skip lies beside the file.
func (m manifest) skipped() bool { return files.Exists(m.path + ".skip") }

// walk finds manifests in the order of their paths: recursively, following linked directories of the first level, without
// dot files.
func walk(root string) ([]manifest, error) {
	var out []manifest
	var visit func(dir string, dirs []string) error
	visit = func(dir string, dirs []string) error {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if strings.HasPrefix(e.Name(), ".") {
				continue
			}
			isDir := e.IsDir()
			if e.Type()&os.ModeSymlink != 0 {
				info, err := os.Stat(path)
				if err != nil {
					continue
				}
				if isDir = info.IsDir(); isDir && len(dirs) > 0 {
					continue
				}
			}
			if isDir {
				if err := visit(path, append(append([]string{}, dirs...), e.Name())); err != nil {
					return err
				}
				continue
			}
			switch strings.ToLower(filepath.Ext(e.Name())) {
			case ".yaml", ".yml", ".json":
				out = append(out, manifest{path, dirs})
			}
		}
		return nil
	}
	if err := visit(root, nil); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return out, nil
}
