import { changeSummary } from '#src/render/change-text.ts';
import type { DocumentStep, PlanDocument, PlannedHost } from './document.ts';

/**
 * What has moved between a kept plan and one made now of the same selection: reasons not to do it, each naming what. Empty: the promise can be kept.
 * A step that is right by now is no reason: nothing is done there. Pure.
 */
export function whatMoved(then: PlanDocument, now: PlanDocument): string[] {
  return [
    ...toolMoved(then, now),
    ...inventoryMoved(then, now),
    ...secretsMoved(then, now),
    ...factsMoved(then, now),
    ...stepsMoved(then, now),
  ];
}

function toolMoved(then: PlanDocument, now: PlanDocument): string[] {
  const pairs = [
    ['picluster', then.picluster, now.picluster],
    ['cluster', then.cluster, now.cluster],
    ['release', then.release, now.release],
  ] as const;
  return pairs.flatMap(([what, before, after]) => (before === after ? [] : [`${what}: ${before} -> ${after}`]));
}

function inventoryMoved(then: PlanDocument, now: PlanDocument): string[] {
  const files = differing(then.inventory.files, now.inventory.files).map(
    ({ key, before, after }) =>
      `inventory: ${key} ${before === undefined ? 'is new' : after === undefined ? 'is gone' : 'has changed'}`,
  );
  if (files.length > 0) return files;
  return then.inventory.digest === now.inventory.digest ? [] : ['inventory: other values of --set'];
}

function secretsMoved(then: PlanDocument, now: PlanDocument): string[] {
  if (then.secrets.digest === now.secrets.digest) return [];
  const [before, after] = [new Set(then.secrets.names), new Set(now.secrets.names)];
  const names = [
    ...[...after.difference(before)].map((name) => `secrets: ${name} is new`),
    ...[...before.difference(after)].map((name) => `secrets: ${name} is gone`),
  ];
  return names.length > 0 ? names : ['secrets: a value has changed'];
}

function factsMoved(then: PlanDocument, now: PlanDocument): string[] {
  return Object.entries(then.hosts).flatMap(([host, before]) => {
    const after = now.hosts[host];
    if (!before.reached) return [];
    if (!after) return [`${host}: is not in the inventory any more`];
    return after.reached ? hostFactsMoved(host, before, after) : [];
  });
}

const hostFactsMoved = (host: string, before: PlannedHost, after: PlannedHost): string[] =>
  differing(before.facts, after.facts).map(
    (fact) => `${host}: fact ${fact.key}: ${fact.before ?? '(none)'} -> ${fact.after ?? '(none)'}`,
  );

/** Digests of steps say nothing once a secret has changed: their key was made of it. What was right and is not any more still can be told. */
function stepsMoved(then: PlanDocument, now: PlanDocument): string[] {
  const isComparable = then.secrets.digest === now.secrets.digest;
  const before = new Map(then.steps.map((step) => [step.step, step]));
  const reached = new Set(Object.entries(now.hosts).flatMap(([name, host]) => (host.reached ? [name] : [])));
  const known = new Set(now.steps.map(({ step }) => step));
  return [
    ...now.steps.flatMap((step) => stepMoved(before.get(step.step), step, isComparable) ?? []),
    ...then.steps
      .filter(({ step, host, change }) => change && reached.has(host) && !known.has(step))
      .map(({ host, step }) => `${host}: ${step}: is not asked for any more`),
  ];
}

function stepMoved(then: DocumentStep | undefined, now: DocumentStep, isComparable: boolean): string | undefined {
  const say = (what: string): string => `${now.host}: ${now.step}: ${what}`;
  if (!now.change) return undefined;
  const next = changeSummary(now.change);
  if (!then) return say(`is new: ${next}`);
  if (!then.change) return say(`was right when the plan was made; now: ${next}`);
  if (!isComparable) return undefined;
  if (then.desired !== now.desired) return say(`is asked for otherwise: ${changeSummary(then.change)}; now: ${next}`);
  if (then.observed !== now.observed) return say(`what is there has changed: ${changeSummary(then.change)}; now: ${next}`);
  return undefined;
}

type Texts = Readonly<Record<string, string>>;

const differing = (before: Texts, after: Texts): { key: string; before: string | undefined; after: string | undefined }[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => before[key] !== after[key])
    .map((key) => ({ key, before: before[key], after: after[key] }));
