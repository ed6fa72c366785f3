import { RefusedError } from '#src/errors.ts';
import { mapBounded } from '#src/map-bounded.ts';
import type { FieldChange } from '#src/resource/kind.ts';
import type { KubeClient, KubeObject } from './client.ts';
import { differences } from './differences.ts';
import { KubeError } from './errors.ts';
import { explainObject } from './explain.ts';
import { FIELD_MANAGER } from './kube-client.ts';
import { isSurelyApplied } from './managed-fields.ts';
import { inWaves } from './manifests.ts';
import { conditionOf, describeObject, refOf } from './objects.ts';
import { type Owner, ownerOf } from './owner.ts';
import { waitFor } from './wait.ts';

const AT_ONCE = 6;
const MAX_COMPARISONS = 5;
const ESTABLISHED_TIMEOUT_MS = 60_000;
const SERVED_TIMEOUT_MS = 15_000;

export interface ApplyAllOptions {
  signal: AbortSignal;
  /** An object of this owner is left alone and said, instead of refused: what was handed over on purpose. */
  isHandedOver?(owner: Owner): Promise<boolean>;
  /** How long a kind may take from Established to usable. Default 15 s. */
  servedWithinMs?: number;
  /** A fact that has just become true. */
  report?(fact: string): void;
}

/** What an apply would do with one object. */
export interface Intention {
  object: KubeObject;
  verdict: 'create' | 'configure' | 'unchanged' | 'left' | 'refused';
  fields: readonly FieldChange[];
  /** Of `left` and `refused`. */
  owner?: Owner;
}

export interface ApplySummary {
  created: number;
  configured: number;
  unchanged: number;
  left: number;
}

/**
 * What applying these objects would change; nothing is. Objects whose kind or namespace does not exist yet will be created.
 * Throws RefusedError naming all objects that somebody else manages.
 */
export async function planApply(
  client: KubeClient,
  objects: readonly KubeObject[],
  options: ApplyAllOptions,
): Promise<Intention[]> {
  const refusals: string[] = [];
  const intentions = await mapBounded(objects, AT_ONCE, async (object) => {
    const intention = await intend(client, object, options);
    if (intention.verdict === 'refused') refusals.push(`${describeObject(object)} is managed by ${intention.owner?.text}`);
    return intention;
  });
  if (refusals.length > 0) throw refusal(refusals);
  return intentions;
}

async function intend(client: KubeClient, object: KubeObject, options: ApplyAllOptions): Promise<Intention> {
  const { signal } = options;
  for (let attempt = 1; ; attempt++) {
    const live = await client.get(refOf(object), signal);
    if (!live) return { object, verdict: 'create', fields: [] };
    const owner = ownerOf(live, object, FIELD_MANAGER);
    if (owner) return { object, verdict: (await options.isHandedOver?.(owner)) ? 'left' : 'refused', fields: [], owner };
    if (isSurelyApplied(live, object, FIELD_MANAGER)) return { object, verdict: 'unchanged', fields: [] };
    const dryRun = await client.apply(object, { dryRun: true, signal });
    // A controller may have written in between: then the two do not compare.
    const isComparable = live.metadata.resourceVersion === dryRun.metadata.resourceVersion;
    if (!isComparable && attempt < MAX_COMPARISONS) continue;
    const fields = differences(live, dryRun, FIELD_MANAGER);
    return { object, verdict: fields.length > 0 ? 'configure' : 'unchanged', fields };
  }
}

/**
 * Server-side apply of all objects: namespaces and CRDs first (until the CRDs are Established), then the rest. What is as it should be is not sent.
 * Ownership is looked at for all objects before the first is changed. Throws RefusedError, KubeConflictError, TimeoutError.
 */
export async function applyAll(
  client: KubeClient,
  objects: readonly KubeObject[],
  options: ApplyAllOptions,
): Promise<ApplySummary> {
  const summary: ApplySummary = { created: 0, configured: 0, unchanged: 0, left: 0 };
  const intentions = new Map((await planApply(client, objects, options)).map((intention) => [intention.object, intention]));
  for (const wave of inWaves(objects)) {
    await mapBounded(wave, AT_ONCE, (object) => carryOut(client, intentions.get(object)!, summary, options));
    await Promise.all(wave.filter(isDefinition).map((definition) => established(client, definition, options)));
  }
  return summary;
}

async function carryOut(
  client: KubeClient,
  intention: Intention,
  summary: ApplySummary,
  options: ApplyAllOptions,
): Promise<void> {
  const { object, verdict } = intention;
  const report = (text: string): void => options.report?.(`${describeObject(object)} ${text}`);
  switch (verdict) {
    case 'unchanged':
      summary.unchanged++;
      return;
    case 'refused':
    case 'left':
      summary.left++;
      return;
    case 'create':
      await create(client, object, options);
      summary.created++;
      return report('created');
    case 'configure':
      await client.apply(object, { signal: options.signal });
      summary.configured++;
      return report(`configured: ${intention.fields.map(({ field }) => field).join(', ')}`);
  }
}

/** A kind that was Established a moment ago may take another one until the server takes its objects. */
async function create(client: KubeClient, object: KubeObject, options: ApplyAllOptions): Promise<void> {
  const { signal, servedWithinMs = SERVED_TIMEOUT_MS } = options;
  let missing = '';
  const attempt = async (): Promise<true | undefined> => {
    try {
      await client.apply(object, { signal });
      return true;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
      missing = error.message;
      return undefined;
    }
  };
  const what = `a place for ${describeObject(object)}`;
  await waitFor(attempt, { what, timeoutMs: servedWithinMs, everyMs: 250, signal, explain: () => missing });
}

const isDefinition = ({ kind }: KubeObject): boolean => kind === 'CustomResourceDefinition';

async function established(client: KubeClient, definition: KubeObject, options: ApplyAllOptions): Promise<void> {
  const ref = refOf(definition);
  await waitFor(
    async () => {
      const live = await client.get(ref, options.signal);
      return live && conditionOf(live, 'Established')?.status === 'True' ? live : undefined;
    },
    {
      what: `${describeObject(definition)} to be Established`,
      timeoutMs: ESTABLISHED_TIMEOUT_MS,
      everyMs: 250,
      signal: options.signal,
      explain: () => explainObject(client, ref),
    },
  );
}

const refusal = (findings: string[]): RefusedError =>
  new RefusedError('objects of the cluster are managed by somebody else; they were not touched', findings.sort(), {
    output: findings.join('\n'),
    hint: 'remove them there, or leave them out here; picluster takes nothing over',
  });
