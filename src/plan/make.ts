import type { LoadedCluster } from '#src/cluster/loaded.ts';
import type { Plan, PlannedStep } from '#src/engine/plan.ts';
import type { Facts } from '#src/facts/facts.ts';
import { redactor } from '#src/secrets/redactor.ts';
import { type Digest, keyedDigest, plainDigest } from './digest.ts';
import { type DocumentStep, PLAN_VERSION, type PlanDocument, type PlannedHost, type Selection } from './document.ts';
import { stableFacts } from './stable-facts.ts';

export interface PlanParts {
  readonly cluster: Pick<LoadedCluster, 'name' | 'release' | 'digest' | 'fileDigests' | 'secrets'>;
  readonly plan: Plan;
  /** Names of the hosts that were chosen. */
  readonly chosen: readonly string[];
  /** Facts of the hosts that were reached. */
  readonly facts: ReadonlyMap<string, Facts>;
  readonly selection: Selection;
  readonly set: readonly string[];
  /** Of the tool. */
  readonly version: string;
  readonly now: Date;
}

/** A plan with all it was decided from, as it can be kept and compared. Pure. */
export function planDocument({ cluster, plan, chosen, facts, selection, set, version, now }: PlanParts): PlanDocument {
  const digest = keyedDigest(cluster.secrets);
  const redact = redactor(cluster.secrets);
  return {
    version: PLAN_VERSION,
    madeAt: now.toISOString(),
    picluster: version,
    cluster: cluster.name,
    release: cluster.release,
    selection,
    set: set.map(redact),
    inventory: { digest: cluster.digest, files: Object.fromEntries(cluster.fileDigests) },
    secrets: { names: cluster.secrets.map(({ label }) => label).sort(), digest: digest('secrets') },
    hosts: Object.fromEntries(chosen.map((host) => [host, hostOf(facts.get(host), redact)])),
    steps: plan.steps.map((planned) => stepOf(planned, digest, redact)),
  };
}

function hostOf(facts: Facts | undefined, redact: (text: string) => string): PlannedHost {
  if (!facts) return { reached: false, facts: {} };
  const stable = stableFacts(facts);
  return { reached: true, facts: redactTexts<Record<string, string>>(stable, redact), factsDigest: plainDigest(stable) };
}

function stepOf({ step, change, observed }: PlannedStep, digest: Digest, redact: (text: string) => string): DocumentStep {
  const { ref, host, title, work, after, restartOn, pool } = step;
  const wanted =
    work.type === 'action' ? { action: work.name, planned: work.planned } : { kind: work.kind.name, spec: work.spec };
  return {
    step: ref,
    host,
    title: redact(title),
    desired: digest({ wanted, title, after, restartOn, pool }),
    observed: digest(observed),
    ...(change ? { change: redactTexts<DocumentStep['change']>(change, redact) } : {}),
  };
}

/** The same plain data with every text in it redacted; nothing that is undefined is kept. */
function redactTexts<T>(value: unknown, redact: (text: string) => string): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return redact(item);
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item !== 'object' || item === null) return item;
    const kept = Object.entries(item).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(kept.map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(value) as T;
}
