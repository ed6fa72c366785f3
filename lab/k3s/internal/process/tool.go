package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// FindTool is exec.LookPath that passes over links to this very program: K3s's link `ctr` often precedes containerd's own in the PATH,
// and would start itself for ever.
func FindTool(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return "", err
	}
	for _, directory := range filepath.SplitList(os.Getenv("PATH")) {
		found, err := exec.LookPath(filepath.Join(directory, name))
		if err != nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(found); err == nil && real != self {
			return found, nil
		}
	}
	return "", fmt.Errorf("%q: %w but as a link to %s", name, exec.ErrNotFound, self)
}
