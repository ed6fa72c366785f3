import type { Change, FieldChange } from '#src/resource/kind.ts';
import { type Action, type ActionContext, defineAction } from '#src/role/action.ts';
import { type ApplyAllOptions, applyAll, type Intention, planApply } from './apply-all.ts';
import type { KubeClient, KubeObject } from './client.ts';
import { describeObject } from './objects.ts';
import type { Owner } from './owner.ts';

export interface ApplyActionOptions {
  name: string;
  title: string;
  /** Made on check and on run, so that revealed secrets live as long as a request. */
  objects(signal: AbortSignal): Promise<readonly KubeObject[]>;
  /** What it may bring, known without looking: `GitRepository flux-system/flux-system`. */
  planned: readonly string[];
  /** See ApplyAllOptions. */
  isHandedOver?(owner: Owner, client: KubeClient, signal: AbortSignal): Promise<boolean>;
}

/** Server-side apply of some objects as a step. Its change names each object, and each field that differs. */
export function applyAction({ name, title, objects, planned, isHandedOver }: ApplyActionOptions): Action {
  let isSaid = false;
  const optionsOf = (context: ActionContext, client: KubeClient): ApplyAllOptions => ({
    signal: context.signal,
    report: (fact) => context.report(fact),
    ...(isHandedOver ? { isHandedOver: (owner: Owner) => isHandedOver(owner, client, context.signal) } : {}),
  });
  return defineAction({
    name,
    title,
    planned: { action: 'create', fields: planned.map((field) => ({ field })) },
    async check(context) {
      const client = await context.kube();
      const intentions = await planApply(client, await objects(context.signal), optionsOf(context, client));
      if (!isSaid) for (const fact of leftFacts(intentions)) context.report(fact);
      isSaid = true;
      return changeOf(intentions) ?? 'done';
    },
    async run(context) {
      const client = await context.kube();
      const { created, configured, unchanged, left } = await applyAll(
        client,
        await objects(context.signal),
        optionsOf(context, client),
      );
      const counts = [
        `${created} created`,
        `${configured} configured`,
        `${unchanged} unchanged`,
        left > 0 && `${left} left alone`,
      ];
      context.report(`${name}: ${counts.filter(Boolean).join(', ')}`);
    },
  });
}

/** What differs, for people; undefined when nothing does. */
function changeOf(intentions: readonly Intention[]): Change | undefined {
  const fields = intentions.flatMap(fieldsOf);
  if (fields.length === 0) return undefined;
  return { action: intentions.some(({ verdict }) => verdict === 'configure') ? 'update' : 'create', fields };
}

function fieldsOf({ object, verdict, fields }: Intention): FieldChange[] {
  const name = describeObject(object);
  if (verdict === 'create') return [{ field: name, after: 'created' }];
  return fields.map(({ field, before, after }) => ({ field: `${name} ${field}`, before, after }));
}

function leftFacts(intentions: readonly Intention[]): string[] {
  const byOwner = Map.groupBy(
    intentions.filter(({ verdict }) => verdict === 'left'),
    ({ owner }) => owner?.text,
  );
  return [...byOwner].map(([owner, left]) => `left to ${owner}: ${left.map(({ object }) => describeObject(object)).join(', ')}`);
}
