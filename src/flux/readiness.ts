import type { KubeObject } from '#src/kube/client.ts';
import { conditionText } from '#src/kube/explain.ts';
import { conditionOf, describeObject, isObserved } from '#src/kube/objects.ts';

/** How far Flux is with one object; `why` is one line for people. */
export type Progress =
  | { state: 'ready'; revision: string }
  | { state: 'waiting'; why: string }
  /** Looking again, as it does at every interval: the answer comes in a moment. */
  | { state: 'reconciling'; why: string }
  /** The controller has given up until somebody changes something. */
  | { state: 'stalled'; why: string };

interface FluxStatus {
  artifact?: { revision?: string };
  lastAppliedRevision?: string;
  lastAttemptedRevision?: string;
  lastHandledReconcileAt?: string;
}

export const statusOf = (object: KubeObject): FluxStatus => (object.status ?? {}) as FluxStatus;

/** The commit of `main@sha1:abc...`. Source: Flux, revision format of sources. */
export const commitIn = (revision: string | undefined): string | undefined => revision?.split(/[:/]/).at(-1);

export const isAtCommit = (revision: string | undefined, commit: string): boolean => commitIn(revision) === commit;

/** Ready says what it says only for the generation it was made for; and it is at `commit`, if one is asked for. */
export function progressOf(object: KubeObject | undefined, commit: string | undefined): Progress {
  if (!object) return { state: 'waiting', why: 'it does not exist yet' };
  const name = describeObject(object);
  if ((object.spec as { suspend?: boolean } | undefined)?.suspend) {
    return { state: 'stalled', why: `${name} is suspended (resume it with: flux resume)` };
  }
  if (!isObserved(object)) return { state: 'waiting', why: `${name}: its controller has not seen it yet` };
  const ready = conditionOf(object, 'Ready');
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return { state: 'stalled', why: `${name}: ${conditionText(stalled)}` };
  if (!ready) return { state: 'waiting', why: `${name} has no condition Ready yet` };
  if (ready.status === 'Unknown') return { state: 'reconciling', why: `${name}: ${conditionText(ready)}` };
  if (ready.status === 'False') return { state: 'waiting', why: `${name}: ${conditionText(ready)}` };
  const { artifact, lastAppliedRevision } = statusOf(object);
  const revision = object.kind === 'Kustomization' ? lastAppliedRevision : artifact?.revision;
  if (!revision) return { state: 'waiting', why: `${name} has no revision yet` };
  if (commit && !isAtCommit(revision, commit)) {
    return { state: 'waiting', why: `${name} is at ${shortRevision(revision)}, git is at ${commit.slice(0, 12)}` };
  }
  return { state: 'ready', revision };
}

/** `main@sha1:0123456789ab` of the full revision. */
export const shortRevision = (revision: string): string => revision.replace(/([0-9a-f]{12})[0-9a-f]{28,}$/, '$1');
