// Package files writes files so that half-written ones never exist.
package files

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// Write replaces path with data. Missing directories are made, private (0700) when the file is.
func Write(path string, data []byte, mode os.FileMode) error {
	dirMode := os.FileMode(0o755)
	if mode&0o077 == 0 {
		dirMode = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, mode); err != nil {
		return err
	}
	if err := os.Chmod(tmp, mode); err != nil { // the umask must not decide
		return err
	}
	return os.Rename(tmp, path)
}

// WriteChanged writes only when the content differs, and says whether it did.
func WriteChanged(path string, data []byte, mode os.FileMode) (bool, error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return false, os.Chmod(path, mode)
	}
	return true, Write(path, data, mode)
}

// Symlink makes path a symbolic link to target, whatever it was before.
func Symlink(target, path string) error {
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	tmp := path + ".tmp"
	os.Remove(tmp)
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// ReadTrimmed is the file's text without surrounding white space; empty when it can't be read.
func ReadTrimmed(path string) string {
	b, _ := os.ReadFile(path)
	return strings.TrimSpace(string(b))
}

// Exists says whether path is there.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
