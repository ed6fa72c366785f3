package agent

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"picluster/lab/k3s/internal/files"
	"picluster/lab/k3s/internal/logger"
	"picluster/lab/k3s/internal/process"
)

// importer brings the archives of agent/images into containerd, each once per size and time.
type importer struct{ dir, stamps string }

type stamp struct {
	Size    int64
	ModTime time.Time
}

// archives are the image files K3s takes, by name.
func archives(dir string) []string {
	var out []string
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		for _, end := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst"} {
			if strings.HasSuffix(e.Name(), end) {
				out = append(out, filepath.Join(dir, e.Name()))
				break
			}
		}
	}
	return out
}

func (im importer) all(ctx context.Context) {
	done := map[string]stamp{}
	if raw, err := os.ReadFile(im.stamps); err == nil {
		json.Unmarshal(raw, &done)
	}
	for _, path := range archives(im.dir) {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		now := stamp{info.Size(), info.ModTime().UTC()}
		if done[path] == now {
			continue
		}
		started := time.Now()
		if err := ctr(ctx, "images", "import", path); err != nil {
			logger.Errorf("Unable to import images from %s: %v", path, err)
			continue
		}
		logger.Infof("Imported images from %s in %s", path, time.Since(started).Round(time.Millisecond))
		done[path] = now
		raw, _ := json.Marshal(done)
		files.Write(im.stamps, raw, 0o644)
	}
}

// watch takes archives that come later. One that is still being written grows and is taken again.
func (im importer) watch(ctx context.Context) {
	for process.Sleep(ctx, 3*time.Second) {
		im.all(ctx)
	}
}
