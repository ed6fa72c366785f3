package process

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindToolPassesOverLinksToItself(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	links, tools := t.TempDir(), t.TempDir()
	if err := os.Symlink(self, filepath.Join(links, "ctr")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", links+":"+tools)
	if found, err := FindTool("ctr"); err == nil {
		t.Errorf("found %s", found)
	}
	tool := filepath.Join(tools, "ctr")
	if err := os.WriteFile(tool, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if found, err := FindTool("ctr"); err != nil || found != tool {
		t.Errorf("%s, %v; want %s", found, err, tool)
	}
}
