import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { Kind, Resource } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import { joinScripts, type Script } from '#src/shell/script.ts';
import type { Step } from './graph.ts';

export type ResourceStep = Step & { readonly work: Resource };

export const isResourceStep = (step: Step): step is ResourceStep => step.work.type === 'resource';

/** What was seen of each resource step: the kind's own state. */
export type Observations = Map<StepRef, unknown>;

/** A script that prints one record per step, and the steps in the order of their records. */
export interface Probe {
  readonly script: Script;
  readonly order: readonly ResourceStep[];
}

const RECORD_END = '\x1e';
const FIELD_END = '\x1f';

/** One script for all steps: specs are grouped by kind, so that each kind probes all of its own at once. */
export const probeOf = (steps: readonly ResourceStep[], facts: Facts): Probe =>
  byKind(steps, (kind, specs) => kind.probe(specs, facts));

/** Asks each kind once for all of its steps; the order is that of the records. */
function byKind(
  steps: readonly ResourceStep[],
  ask: (kind: Kind<unknown, unknown>, specs: unknown[]) => Script | undefined,
): Probe {
  const groups = Map.groupBy(steps, (step) => step.work.kind);
  const scripts = [...groups].flatMap(
    ([kind, members]) =>
      ask(
        kind,
        members.map(({ work }) => work.spec),
      ) ?? [],
  );
  return { script: joinScripts(scripts), order: [...groups.values()].flat() };
}

/** Throws PiclusterError when the number of records is not the number of steps: then a kind's probe is broken, and nothing it said can be trusted. */
export function parseProbe(probe: Probe, stdout: string, host: string): Observations {
  const records = parseRecords(stdout);
  if (records.length !== probe.order.length) {
    throw new PiclusterError(`the probe answered ${records.length} records for ${probe.order.length} steps`, {
      host,
      output: stdout.slice(-500),
      hint: 'this is a bug in a kind of picluster; nothing was changed',
    });
  }
  return new Map(probe.order.map((step, index) => [step.ref, step.work.kind.parse(records[index] ?? [])]));
}

/** Splits what the shell function `record` printed. */
export function parseRecords(stdout: string): string[][] {
  const pieces = stdout.split(RECORD_END);
  pieces.pop();
  return pieces.map((piece) => piece.split(FIELD_END).slice(0, -1));
}

/** The script that asks for old contents of changed steps, for people. Undefined when no kind has any. */
export function detailOf(steps: readonly ResourceStep[]): Probe | undefined {
  const asked = steps.filter((step) => step.work.kind.detail);
  if (asked.length === 0) return undefined;
  return byKind(asked, (kind, specs) => kind.detail?.(specs));
}
