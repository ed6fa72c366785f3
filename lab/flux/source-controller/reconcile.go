package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const defaultTimeout = 60 * time.Second

// failure is something that the object's conditions tell its owner; any other error is between the API and us.
type failure struct {
	condition, reason string
	err               error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failed(condition, reason, format string, values ...any) *failure {
	return &failure{condition: condition, reason: reason, err: fmt.Errorf(format, values...)}
}

// reconcile makes the object's artifact that of its reference in git now, and its status tell so. The error is one of the API's.
func (c *controller) reconcile(ctx context.Context, repository *sourcev1.GitRepository) error {
	old := repository.DeepCopy()
	have := c.stored(repository)
	if begins(repository, have) {
		progressing(repository, have)
		if err := c.writeStatus(ctx, old, repository); err != nil {
			return err
		}
		old = repository.DeepCopy()
	}
	artifact, err := c.fetch(ctx, repository, have)
	var told *failure
	switch {
	case err == nil:
		succeeded(repository, artifact)
	case errors.As(err, &told):
		failing(repository, have, told)
	default:
		return err
	}
	repository.Status.LastHandledReconcileAt = requestedAt(repository)
	if err := c.writeStatus(ctx, old, repository); err != nil {
		return err
	}
	c.tell(old, repository, told)
	return nil
}

// stored is the object's artifact, if it still lies in the storage: the storage does not outlive the pod.
func (c *controller) stored(repository *sourcev1.GitRepository) *meta.Artifact {
	if artifact := repository.Status.Artifact; artifact != nil && c.store.has(artifact) {
		return artifact
	}
	return nil
}

func (c *controller) fetch(ctx context.Context, repository *sourcev1.GitRepository, have *meta.Artifact) (*meta.Artifact, error) {
	timeout := defaultTimeout
	if repository.Spec.Timeout != nil {
		timeout = repository.Spec.Timeout.Duration
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	access, err := c.access(bounded, repository)
	if err != nil {
		return nil, err
	}
	reference, err := resolve(bounded, access, repository.Spec.Reference)
	if err != nil {
		return nil, gitFailure(err)
	}
	if have != nil && have.Revision == reference.revision() && repository.Status.ObservedGeneration == repository.Generation {
		return have, nil
	}
	commit, err := checkout(bounded, access, &reference)
	if err != nil {
		return nil, gitFailure(err)
	}
	content, err := archive(commit, repository.Spec.Ignore)
	if err != nil {
		return nil, failed(sourcev1.StorageOperationFailedCondition, sourcev1.ArchiveOperationFailedReason, "unable to archive artifact to storage: %w", err)
	}
	name := types.NamespacedName{Namespace: repository.Namespace, Name: repository.Name}
	artifact, err := c.store.put(name, reference, content, metav1.NewTime(c.now()))
	if err != nil {
		return nil, failed(sourcev1.StorageOperationFailedCondition, sourcev1.ArchiveOperationFailedReason, "unable to archive artifact to storage: %w", err)
	}
	return artifact, nil
}

func gitFailure(err error) error {
	return failed(sourcev1.FetchFailedCondition, sourcev1.GitOperationFailedReason, "failed to checkout and determine revision: %w", err)
}

// access reads how to reach the repository from the object and its Secret.
func (c *controller) access(ctx context.Context, repository *sourcev1.GitRepository) (access, error) {
	data := map[string][]byte{}
	if ref := repository.Spec.SecretRef; ref != nil {
		secret, err := c.secrets.Secrets(repository.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return access{}, failed(sourcev1.FetchFailedCondition, sourcev1.AuthenticationFailedReason, "failed to get secret '%s/%s': %w", repository.Namespace, ref.Name, err)
		}
		data = secret.Data
	}
	access, err := accessFrom(repository.Spec.URL, data)
	if err != nil {
		return access, failed(sourcev1.FetchFailedCondition, sourcev1.AuthenticationFailedReason, "failed to configure authentication options: %w", err)
	}
	return access, nil
}

// tell makes an event and a line of the log of what is new.
func (c *controller) tell(old, repository *sourcev1.GitRepository, told *failure) {
	name := repository.Namespace + "/" + repository.Name
	if told != nil {
		log.Printf("%s: %s: %s", name, told.reason, oneLine(told))
		c.events.Event(repository, corev1.EventTypeWarning, told.reason, told.Error())
		return
	}
	artifact := repository.Status.Artifact
	if old.Status.Artifact == nil || old.Status.Artifact.Digest != artifact.Digest || old.Status.Artifact.Revision != artifact.Revision {
		log.Printf("%s: stored artifact for revision '%s'", name, artifact.Revision)
		c.events.Eventf(repository, corev1.EventTypeNormal, "NewArtifact", "stored artifact for revision '%s'", artifact.Revision)
	}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
