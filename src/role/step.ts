import type { Resource } from '#src/resource/kind.ts';
import type { Action } from './action.ts';

/** `role/step@host`, unique in a run. */
export type StepRef = string;

/** Versions as the program itself says them: `v1.34.4+k3s1`. */
export interface Upgrade {
  readonly of: string;
  readonly from: string;
  readonly to: string;
}

/** What a role returns: a resource or an action with its edges. Refer to other drafts of the same role by object, to steps of other hosts by ref. */
export interface StepDraft {
  readonly work: Resource | Action;
  /** Part of the ref; default: kind and id, `file:/etc/hosts`; or the action's name. */
  readonly name?: string;
  /** A service: started anew when one of these has changed since its last start. */
  readonly restartOn?: readonly StepDraft[];
  readonly after?: readonly (StepDraft | StepRef)[];
  /** One at a time among all steps of the run with the same pool (`etcd-membership`); a failure closes the pool. */
  readonly pool?: string;
  readonly tags?: readonly string[];
  /** What is lost when it changes something, where the kind cannot know: `downgrades K3s from v1.35.1 to v1.34.4`. */
  readonly destructive?: string;
  /** It takes what runs on the host from one version to another: hooks around an upgrade stand here. */
  readonly upgrade?: Upgrade;
  /** Said in the plan when it changes something: what an operator should know beforehand. */
  readonly note?: string;
}

/** Drafts without an order among themselves; what follows the group waits for all of them. */
export interface ParallelDrafts {
  readonly parallel: readonly StepDraft[];
}

/** Each entry waits for the one before it. */
export type StepList = readonly (StepDraft | ParallelDrafts)[];

export type StepOptions = Omit<StepDraft, 'work'>;

/** Puts a resource or an action into a role's list: `step(file({...}), {tags: ['ssh']})`. */
export function step(work: Resource | Action, options: StepOptions = {}): StepDraft {
  return { work, ...options };
}

/**
 * Gives tags to some steps of a role's list, for `--tags`: `...tagged('ssh', sshSteps())`. The drafts stay the same objects, as others refer to
 * them by identity; tags that they have already are kept.
 */
export function tagged(tag: string, drafts: readonly StepDraft[]): StepDraft[] {
  return drafts.map((draft) => Object.assign(draft, { tags: [...new Set([...(draft.tags ?? []), tag])] }));
}

export const parallel = (drafts: readonly StepDraft[]): ParallelDrafts => ({ parallel: drafts });

/** The ref of a step of another host or role. `name` is the draft's name. */
export const stepRef = (role: string, name: string, host: string): StepRef => `${role}/${name}@${host}`;

/** The last part of a ref that a draft gets when it has no name of its own. */
export function draftName(draft: StepDraft): string {
  if (draft.name) return draft.name;
  const { work } = draft;
  return work.type === 'action' ? work.name : `${work.kind.name}:${work.kind.id(work.spec)}`;
}
