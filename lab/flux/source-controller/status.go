package main

import (
	"fmt"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// requestedAt is the value of the annotation by which `flux reconcile` asks for an immediate reconciliation.
func requestedAt(repository *sourcev1.GitRepository) string {
	return repository.Annotations[meta.ReconcileRequestAnnotation]
}

// begins says whether this is news: a changed object, or an artifact that got lost. A retry is none, and leaves the failure readable.
func begins(repository *sourcev1.GitRepository, have *meta.Artifact) bool {
	ready := apimeta.FindStatusCondition(repository.Status.Conditions, meta.ReadyCondition)
	return ready == nil || ready.ObservedGeneration != repository.Generation || ready.Status == metav1.ConditionTrue && have == nil
}

// progressing: work begins on a generation that has not been seen, or on an artifact that is not there.
func progressing(repository *sourcev1.GitRepository, have *meta.Artifact) {
	message := "building artifact"
	if repository.Status.ObservedGeneration != repository.Generation && have != nil {
		message = fmt.Sprintf("processing object: new generation %d -> %d", repository.Status.ObservedGeneration, repository.Generation)
	}
	if have == nil {
		repository.Status.Artifact = nil
		remove(repository, sourcev1.ArtifactInStorageCondition)
	}
	set(repository, meta.ReconcilingCondition, metav1.ConditionTrue, meta.ProgressingReason, message)
	set(repository, meta.ReadyCondition, metav1.ConditionUnknown, meta.ProgressingReason, message)
}

// succeeded: the artifact is that of the object's reference. Only now does the object count as observed.
func succeeded(repository *sourcev1.GitRepository, artifact *meta.Artifact) {
	message := fmt.Sprintf("stored artifact for revision '%s'", artifact.Revision)
	repository.Status.ObservedGeneration = repository.Generation
	repository.Status.ObservedIgnore = repository.Spec.Ignore
	repository.Status.Artifact = artifact
	remove(repository, sourcev1.FetchFailedCondition, sourcev1.StorageOperationFailedCondition, meta.ReconcilingCondition)
	set(repository, meta.ReadyCondition, metav1.ConditionTrue, meta.SucceededReason, message)
	set(repository, sourcev1.ArtifactInStorageCondition, metav1.ConditionTrue, meta.SucceededReason, message)
}

// failing: what went wrong is told under its own condition and as the reason why the object is not ready; an older artifact stays.
func failing(repository *sourcev1.GitRepository, have *meta.Artifact, f *failure) {
	if have == nil {
		repository.Status.Artifact = nil
		remove(repository, sourcev1.ArtifactInStorageCondition)
	}
	for _, kind := range []string{sourcev1.FetchFailedCondition, sourcev1.StorageOperationFailedCondition} {
		if kind != f.condition {
			remove(repository, kind)
		}
	}
	// A condition that is set anew, not kept, would say that it began now, and every retry would write it.
	set(repository, f.condition, metav1.ConditionTrue, f.reason, f.Error())
	set(repository, meta.ReadyCondition, metav1.ConditionFalse, f.reason, f.Error())
	set(repository, meta.ReconcilingCondition, metav1.ConditionTrue, meta.ProgressingWithRetryReason, "building artifact")
}

func set(repository *sourcev1.GitRepository, kind string, status metav1.ConditionStatus, reason, message string) {
	// The API refuses a message of more than 32768 bytes.
	if len(message) > 2000 {
		message = message[:2000]
	}
	condition := metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: repository.Generation}
	apimeta.SetStatusCondition(&repository.Status.Conditions, condition)
}

func remove(repository *sourcev1.GitRepository, kinds ...string) {
	for _, kind := range kinds {
		apimeta.RemoveStatusCondition(&repository.Status.Conditions, kind)
	}
}

func sameStatus(a, b *sourcev1.GitRepository) bool {
	return equality.Semantic.DeepEqual(a.Status, b.Status)
}
