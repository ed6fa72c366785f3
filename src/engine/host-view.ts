import type { Change } from '#src/resource/kind.ts';
import type { StepRef } from '#src/role/step.ts';
import type { Script } from '#src/shell/script.ts';
import type { HostSteps } from './host-steps.ts';
import type { HostRunnerOptions } from './host-work.ts';
import { isResourceStep, type ResourceStep } from './observe.ts';
import { resourceChange } from './plan.ts';
import type { Task } from './task.ts';

/** What was seen of one host last, and what is to be done there because of it. */
export class HostView {
  readonly #options: HostRunnerOptions;
  readonly #steps: HostSteps;
  /** Something ran that may have changed what the last probe saw. */
  isStale: boolean;

  constructor(options: HostRunnerOptions, steps: HostSteps) {
    this.#options = options;
    this.#steps = steps;
    this.isStale = options.isStale;
  }

  async lookAgain(steps: readonly ResourceStep[]): Promise<void> {
    const { session, observations } = this.#options;
    if (!session || steps.length === 0) return;
    for (const [ref, state] of await session.observe(steps)) observations.set(ref, state);
    this.isStale = false;
  }

  /** What a step has to change; `pending`: earlier steps that change in the same stretch. */
  changeOf(step: ResourceStep, pending: ReadonlyMap<StepRef, Change> = new Map()): Change | undefined {
    const { session, board, observations } = this.#options;
    if (!session) return undefined;
    const isChanged = { has: (ref: StepRef) => pending.has(ref) || board.hasChanged(ref) };
    return resourceChange(step, observations.get(step.ref), session.facts, isChanged);
  }

  /** What a step that ran has left to do. */
  leftOf({ ref, work }: ResourceStep): Change | undefined {
    const { session, observations } = this.#options;
    return session && work.kind.diff(work.spec, observations.get(ref), session.facts);
  }

  isAllowed(ref: StepRef): boolean {
    return !this.#options.isPlanBinding || this.#options.planned.has(ref);
  }

  /** An unchanged step between changed ones has passed once everything before it has. */
  mayPass(step: ResourceStep): boolean {
    const { watched, held } = this.#steps.open;
    const isPast = (ref: StepRef): boolean => watched.has(ref) || held.has(ref) || this.#steps.endedWell(ref);
    return step.after.every(isPast) && !this.changeOf(step);
  }

  taskOf(step: ResourceStep, change: Change | undefined): Task[] {
    const { session, observations, planned, emit, host } = this.#options;
    if (!change || !session) return [];
    if (!planned.has(step.ref))
      emit({
        type: 'warning',
        host,
        text: `${step.ref} changes although the plan did not say so: an earlier step made it necessary`,
      });
    const { kind, spec } = step.work;
    const apply = kind.apply(spec, observations.get(step.ref), session.facts);
    return [{ step, change, apply, forget: this.#forgetScripts(step) }];
  }

  /** Services of this host that have to be restarted for the step, and have not been yet; also those that this run leaves out. */
  #forgetScripts(step: ResourceStep): Script[] {
    const { graph, host } = this.#options;
    const waiting = [...this.#steps.pending, ...(graph.leftOut.get(host) ?? [])];
    return waiting.filter(isResourceStep).flatMap(({ restartOn, work }) => {
      if (!restartOn.includes(step.ref) || !work.kind.forget) return [];
      return [work.kind.forget(work.spec)];
    });
  }
}
