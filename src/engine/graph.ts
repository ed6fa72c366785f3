import { ConfigError } from '#src/errors.ts';
import type { Resource } from '#src/resource/kind.ts';
import type { Action } from '#src/role/action.ts';
import type { ExtraEdge } from '#src/role/edge.ts';
import {
  draftName,
  type ParallelDrafts,
  type StepDraft,
  type StepList,
  type StepRef,
  stepRef,
  type Upgrade,
} from '#src/role/step.ts';
import { extraPredecessors, unknownEnds } from './edges.ts';
import { inputsDigest } from './inputs.ts';

/** A draft placed in the graph: its ref is unique, its edges are refs. */
export interface Step {
  readonly ref: StepRef;
  /** Inventory name, or `control` for work of this machine. */
  readonly host: string;
  readonly role: string;
  readonly name: string;
  readonly title: string;
  readonly work: Resource | Action;
  readonly after: readonly StepRef[];
  /** Those of `after` that somebody named; the others are just earlier in the list. */
  readonly needs: readonly StepRef[];
  readonly restartOn: readonly StepRef[];
  readonly pool: string | undefined;
  readonly tags: readonly string[];
  /** Of its draft: what is lost when it changes something. */
  readonly destructive: string | undefined;
  readonly upgrade: Upgrade | undefined;
  readonly note: string | undefined;
}

export interface Graph {
  /** Every step by ref. */
  readonly steps: ReadonlyMap<StepRef, Step>;
  /** Steps of each host in the order in which they run there. */
  readonly byHost: ReadonlyMap<string, readonly Step[]>;
  /** Edges to steps that are not in the graph: of hosts not chosen or lost. */
  readonly outside: readonly { from: StepRef; to: StepRef }[];
  /** Steps of each host that are not to be done, because others were chosen: none but in a restricted graph. */
  readonly leftOut: ReadonlyMap<string, readonly Step[]>;
}

/** What one role asks of one host. */
export interface RoleSteps {
  readonly host: string;
  readonly role: string;
  readonly list: StepList;
}

const isGroup = (entry: StepDraft | ParallelDrafts): entry is ParallelDrafts => 'parallel' in entry;

export const hostOfRef = (ref: StepRef): string => ref.slice(ref.lastIndexOf('@') + 1);

/**
 * Joins the lists of all roles to one graph. On a host, a role's list comes after the list of the role before it.
 * Equal resources of two roles merge; throws ConfigError for conflicting ones, for refs used twice, for edges into the void, and for cycles.
 */
export function buildGraph(lists: readonly RoleSteps[], edges: readonly ExtraEdge[] = []): Graph {
  const builder = new GraphBuilder();
  for (const list of lists) builder.add(list);
  return builder.finish(edges);
}

class GraphBuilder {
  readonly #steps = new Map<StepRef, Step>();
  readonly #byHost = new Map<string, Step[]>();
  /** Refs of each host's last entry: what the next entry waits for. */
  readonly #tail = new Map<string, StepRef[]>();
  readonly #byIdentity = new Map<string, Step>();
  readonly #alias = new Map<StepRef, StepRef>();
  readonly #refOf = new Map<StepDraft, StepRef>();
  readonly #mistakes: string[] = [];

  add({ host, role, list }: RoleSteps): void {
    for (const entry of list) {
      const drafts = isGroup(entry) ? entry.parallel : [entry];
      if (drafts.length === 0) continue;
      const before = this.#tail.get(host) ?? [];
      const refs = drafts.map((draft) => this.#place(host, role, draft, before));
      // A step that merged into an earlier one does not carry what came in between: the next entry waits for that too.
      const hasMerged = refs.some((ref) => this.#steps.get(ref)?.role !== role || before.includes(ref));
      this.#tail.set(host, hasMerged ? [...new Set([...before, ...refs])] : refs);
    }
  }

  #place(host: string, role: string, draft: StepDraft, before: readonly StepRef[]): StepRef {
    const name = draftName(draft);
    const ref = stepRef(role, name, host);
    const restartOn = (draft.restartOn ?? []).map((input) => this.#resolve(input, ref));
    const needs = [...(draft.after ?? []).map((edge) => this.#resolve(edge, ref)), ...restartOn];
    const step: Step = {
      ref,
      host,
      role,
      name,
      title: titleOf(draft),
      work: this.#withInputs(draft, restartOn),
      after: [...new Set([...before, ...needs])],
      needs,
      restartOn,
      pool: draft.pool,
      tags: draft.tags ?? [],
      destructive: draft.destructive,
      upgrade: draft.upgrade,
      note: draft.note,
    };
    const merged = this.#mergeWith(step);
    this.#refOf.set(draft, merged);
    if (merged !== ref) return merged;
    if (this.#steps.has(ref)) this.#mistakes.push(`${ref}: two steps have this name; give one of them a name of its own`);
    this.#steps.set(ref, step);
    this.#byHost.set(host, [...(this.#byHost.get(host) ?? []), step]);
    return ref;
  }

  #withInputs(draft: StepDraft, restartOn: readonly StepRef[]): Resource | Action {
    const { work } = draft;
    if (work.type === 'action' || restartOn.length === 0) return work;
    const inputs = restartOn.flatMap((ref) => {
      const input = this.#steps.get(ref)?.work;
      return input?.type === 'resource' ? [input] : [];
    });
    return { ...work, spec: { ...(work.spec as object), inputs: inputsDigest(inputs) } };
  }

  /** The ref of an equal resource that is already there, else the step's own. */
  #mergeWith(step: Step): StepRef {
    if (step.work.type === 'action') return step.ref;
    const { kind, spec } = step.work;
    const identity = `${step.host}\0${kind.name}\0${kind.id(spec)}`;
    const twin = this.#byIdentity.get(identity);
    if (!twin || twin.work.type === 'action') {
      this.#byIdentity.set(identity, step);
      return step.ref;
    }
    if (twin.work.kind.fingerprint(twin.work.spec) !== kind.fingerprint(spec)) {
      this.#mistakes.push(
        `${step.ref} wants ${kind.name} ${kind.id(spec)} otherwise than ${twin.ref} (roles ${step.role} and ${twin.role})`,
      );
    }
    this.#alias.set(step.ref, twin.ref);
    return twin.ref;
  }

  #resolve(edge: StepDraft | StepRef, from: StepRef): StepRef {
    if (typeof edge === 'string') return edge;
    const ref = this.#refOf.get(edge);
    if (ref) return ref;
    this.#mistakes.push(`${from}: names a step that comes later or is not in the role's list (${draftName(edge)})`);
    return from;
  }

  finish(edges: readonly ExtraEdge[]): Graph {
    const hosts = new Set(this.#byHost.keys());
    const extra = extraPredecessors(this.#steps, edges);
    this.#mistakes.push(...unknownEnds(this.#steps, edges));
    const outside: { from: StepRef; to: StepRef }[] = [];
    for (const [ref, step] of this.#steps) {
      const resolved = (refs: readonly StepRef[]): StepRef[] => [
        ...new Set([...refs, ...(extra.get(ref) ?? [])].map((to) => this.#alias.get(to) ?? to)),
      ];
      const after = resolved(step.after);
      this.#steps.set(ref, { ...step, after, needs: resolved(step.needs) });
      for (const to of after) {
        if (this.#steps.has(to)) continue;
        if (hosts.has(hostOfRef(to))) this.#mistakes.push(`${ref}: waits for ${to}, which does not exist`);
        else outside.push({ from: ref, to });
      }
    }
    if (this.#mistakes.length === 0) this.#mistakes.push(...findCycle(this.#steps));
    if (this.#mistakes.length > 0) {
      throw new ConfigError(`the roles do not fit together:\n${this.#mistakes.map((line) => `  ${line}`).join('\n')}`, [], {
        hint: 'this is a mistake in a role, not in a machine; nothing was changed',
      });
    }
    const byHost = new Map(
      [...this.#byHost].map(([host, steps]) => [host, inRunningOrder(steps.map((step) => this.#steps.get(step.ref) as Step))]),
    );
    return { steps: this.#steps, byHost, outside, leftOut: new Map() };
  }
}

/** Steps of one host so that each comes after those it waits for; otherwise as they were. There is no cycle any more. */
function inRunningOrder(steps: readonly Step[]): Step[] {
  const own = new Map(steps.map((step) => [step.ref, step]));
  const ordered = new Set<Step>();
  const visit = (step: Step): void => {
    for (const ref of step.after) {
      const before = own.get(ref);
      if (before && !ordered.has(before)) visit(before);
    }
    ordered.add(step);
  };
  for (const step of steps) visit(step);
  return [...ordered];
}

function titleOf(draft: StepDraft): string {
  const { work } = draft;
  return work.type === 'action' ? work.title : `${work.kind.name} ${work.kind.id(work.spec)}`;
}

function findCycle(steps: ReadonlyMap<StepRef, Step>): string[] {
  const state = new Map<StepRef, 'open' | 'done'>();
  const path: StepRef[] = [];
  const visit = (ref: StepRef): string[] => {
    if (state.get(ref) === 'done') return [];
    path.push(ref);
    if (state.get(ref) === 'open') return [`steps wait for each other: ${path.slice(path.indexOf(ref)).join(' -> ')}`];
    state.set(ref, 'open');
    for (const to of steps.get(ref)?.after ?? []) {
      const found = visit(to);
      if (found.length > 0) return found;
    }
    state.set(ref, 'done');
    path.pop();
    return [];
  };
  for (const ref of steps.keys()) {
    const found = visit(ref);
    if (found.length > 0) return found;
  }
  return [];
}
