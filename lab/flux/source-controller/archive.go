package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"path"
	"strings"

	"github.com/fluxcd/pkg/sourceignore"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// archive packs the tree of a commit as tar.gz, without what Flux leaves out. The same tree gives the same bytes.
func archive(commit *object.Commit, ignore *string) ([]byte, error) {
	tree, err := commit.Tree()
	if err != nil {
		return nil, err
	}
	ignored, err := ignoreMatcher(tree, ignore)
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	packed := tar.NewWriter(zipped)
	err = tree.Files().ForEach(func(file *object.File) error {
		if ignored(file.Name) {
			return nil
		}
		return add(packed, file)
	})
	if err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	err = zipped.Close()
	return buffer.Bytes(), err
}

func add(packed *tar.Writer, file *object.File) error {
	content, err := file.Contents()
	if err != nil {
		return err
	}
	// Like Flux's, the archive holds regular files only: a link could lead out of it.
	if file.Mode == filemode.Symlink || file.Mode == filemode.Submodule {
		return nil
	}
	header := &tar.Header{Name: file.Name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}
	if file.Mode == filemode.Executable {
		header.Mode = 0o755
	}
	if err := packed.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.WriteString(packed, content)
	return err
}

// ignoreMatcher: git's own files, then spec.ignore or Flux's defaults, then the .sourceignore files of the tree.
func ignoreMatcher(tree *object.Tree, ignore *string) (func(name string) bool, error) {
	patterns := sourceignore.VCSPatterns(nil)
	if ignore != nil {
		patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(*ignore), nil)...)
	} else {
		patterns = append(patterns, sourceignore.DefaultPatterns(nil)...)
	}
	err := tree.Files().ForEach(func(file *object.File) error {
		if path.Base(file.Name) != sourceignore.IgnoreFile {
			return nil
		}
		reader, err := file.Reader()
		if err != nil {
			return err
		}
		defer reader.Close()
		patterns = append(patterns, sourceignore.ReadPatterns(reader, domain(file.Name))...)
		return nil
	})
	matcher := gitignore.NewMatcher(patterns)
	return func(name string) bool { return matcher.Match(strings.Split(name, "/"), false) }, err
}

func domain(file string) []string {
	if directory := path.Dir(file); directory != "." {
		return strings.Split(directory, "/")
	}
	return nil
}
