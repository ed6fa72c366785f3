package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fluxcd/pkg/apis/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// storage keeps artifacts as files, by the path that their URL shows.
type storage struct {
	directory string
	// address is what comes after http:// in an artifact's URL.
	address string
}

func (s storage) folder(name types.NamespacedName) string {
	return filepath.Join("gitrepository", name.Namespace, name.Name)
}

func (s storage) has(artifact *meta.Artifact) bool {
	_, err := os.Stat(filepath.Join(s.directory, artifact.Path))
	return err == nil
}

// put stores an archive, and removes the object's older ones but the last: a consumer may be reading that.
func (s storage) put(name types.NamespacedName, r reference, content []byte, now metav1.Time) (*meta.Artifact, error) {
	folder := filepath.Join(s.directory, s.folder(name))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	path := filepath.Join(s.folder(name), r.hash.String()+".tar.gz")
	if err := write(filepath.Join(s.directory, path), content); err != nil {
		return nil, err
	}
	s.prune(folder, 2)
	size := int64(len(content))
	return &meta.Artifact{
		Path:           path,
		URL:            "http://" + s.address + "/" + path,
		Revision:       r.revision(),
		Digest:         fmt.Sprintf("sha256:%x", sha256.Sum256(content)),
		LastUpdateTime: now,
		Size:           &size,
	}, nil
}

func write(path string, content []byte) error {
	aside := path + ".tmp"
	if err := os.WriteFile(aside, content, 0o644); err != nil {
		return err
	}
	return os.Rename(aside, path)
}

func (s storage) prune(folder string, keep int) {
	entries, _ := filepath.Glob(filepath.Join(folder, "*.tar.gz"))
	for len(entries) > keep {
		oldest := 0
		for i := range entries {
			if modified(entries[i]) < modified(entries[oldest]) {
				oldest = i
			}
		}
		os.Remove(entries[oldest])
		entries = append(entries[:oldest], entries[oldest+1:]...)
	}
}

func modified(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.ModTime().UnixNano()
}

func (s storage) remove(name types.NamespacedName) {
	os.RemoveAll(filepath.Join(s.directory, s.folder(name)))
}
