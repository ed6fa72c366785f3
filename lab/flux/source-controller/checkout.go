package main

import (
	"context"
	"errors"
	"fmt"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// reference is one commit in a repository, and how it was found.
type reference struct {
	// name of a branch or tag, as revisions show it; empty for a commit that no branch was given for.
	name string
	// full is the reference to fetch: refs/heads/main.
	full plumbing.ReferenceName
	hash plumbing.Hash
	// pinned: the commit was given, wherever its branch is by now.
	pinned bool
}

// revision as in status.artifact: main@sha1:0123..., or sha1:0123... for a bare commit.
func (r reference) revision() string {
	if r.name == "" {
		return "sha1:" + r.hash.String()
	}
	return r.name + "@sha1:" + r.hash.String()
}

// resolve asks the server what the wanted reference is now. A commit is taken as given.
func resolve(ctx context.Context, a access, want *sourcev1.GitRepositoryRef) (reference, error) {
	r, err := wanted(want)
	if err != nil || !r.hash.IsZero() {
		return r, err
	}
	remote := git.NewRemote(memory.NewStorage(), &config.RemoteConfig{Name: "origin", URLs: []string{a.url}})
	options := &git.ListOptions{Auth: a.auth, CABundle: a.authorities, PeelingOption: git.AppendPeeled}
	offered, err := remote.ListContext(ctx, options)
	if err != nil {
		return r, fmt.Errorf("unable to list remote for '%s': %w", a, err)
	}
	for _, one := range offered {
		// An annotated tag comes with the commit that it is of as a second name.
		if one.Name() == r.full && r.hash.IsZero() || one.Name() == r.full+"^{}" {
			r.hash = one.Hash()
		}
	}
	if r.hash.IsZero() {
		return r, fmt.Errorf("reference '%s' not found in '%s'", r.full, a)
	}
	return r, nil
}

// wanted orders the fields of spec.ref as Flux does: commit, name, tag, branch; master when there is none.
func wanted(want *sourcev1.GitRepositoryRef) (reference, error) {
	if want == nil {
		want = &sourcev1.GitRepositoryRef{}
	}
	branch := want.Branch
	if branch == "" {
		branch = "master"
	}
	switch {
	case want.Commit != "":
		if !plumbing.IsHash(want.Commit) {
			return reference{}, fmt.Errorf("'%s' is not a commit", want.Commit)
		}
		r := reference{name: want.Branch, hash: plumbing.NewHash(want.Commit), pinned: true}
		if want.Branch != "" {
			r.full = plumbing.NewBranchReferenceName(want.Branch)
		}
		return r, nil
	case want.Name != "":
		return reference{name: want.Name, full: plumbing.ReferenceName(want.Name)}, nil
	case want.SemVer != "":
		return reference{}, errors.New("spec.ref.semver: not in the lab's source-controller")
	case want.Tag != "":
		return reference{name: want.Tag, full: plumbing.NewTagReferenceName(want.Tag)}, nil
	}
	return reference{name: branch, full: plumbing.NewBranchReferenceName(branch)}, nil
}

// checkout fetches the commit; a branch that moved since it was resolved moves the reference along.
func checkout(ctx context.Context, a access, r *reference) (*object.Commit, error) {
	repository, err := git.Init(memory.NewStorage(), nil)
	if err != nil {
		return nil, err
	}
	if _, err := repository.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{a.url}}); err != nil {
		return nil, err
	}
	const local = "refs/picluster/wanted"
	spec := fmt.Sprintf("+%s:%s", r.full, local)
	if r.full == "" {
		spec = "+refs/heads/*:refs/heads/*"
	}
	options := &git.FetchOptions{Auth: a.auth, CABundle: a.authorities, Tags: git.NoTags, RefSpecs: []config.RefSpec{config.RefSpec(spec)}}
	if !r.pinned {
		// A given commit need not be the tip of anything: only that takes the history.
		options.Depth = 1
	}
	if err := repository.FetchContext(ctx, options); err != nil {
		return nil, fmt.Errorf("unable to clone '%s': %w", a, err)
	}
	if !r.pinned {
		tip, err := repository.ResolveRevision(local)
		if err != nil {
			return nil, err
		}
		r.hash = *tip
	}
	commit, err := repository.CommitObject(r.hash)
	if err != nil {
		return nil, fmt.Errorf("unable to check out commit '%s' of '%s': %w", r.hash, a, err)
	}
	return commit, nil
}
