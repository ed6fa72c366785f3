import type { Step } from '#src/engine/graph.ts';
import type { SettledStep, StepHooks } from '#src/engine/step-hooks.ts';
import type { Change } from '#src/resource/kind.ts';
import { type Hook, type HookInput, isAtRole, isAtStep } from './hook.ts';

/** What a hook is told about where it stands. */
export type HookSubject = Pick<HookInput, 'host' | 'role' | 'step' | 'status' | 'change'>;

/** Runs one hook; rejects with HookFailedError when it fails and is to stop what it stands at. */
export type RunHook = (hook: Hook, subject: HookSubject) => Promise<void>;

/** The hooks of one host in one run: those around a role run once, when its first step changes and when its last has ended. */
export class HostHooks implements StepHooks {
  readonly #hooks: readonly Hook[];
  readonly #host: string;
  readonly #run: RunHook;
  readonly #begun = new Set<string>();

  constructor(hooks: readonly Hook[], host: string, run: RunHook) {
    this.#hooks = hooks;
    this.#host = host;
    this.#run = run;
  }

  isAround(step: Step): boolean {
    return this.#hooks.some((hook) => isAtStep(hook, step) || this.#isFirst(hook, step));
  }

  #isFirst(hook: Hook, { role }: Step): boolean {
    return hook.when === 'before' && isAtRole(hook, role, this.#host) && !this.#begun.has(role);
  }

  async before(step: Step, { action, fields }: Change): Promise<void> {
    const { role, ref } = step;
    const hooks = this.#hooks.filter(({ when }) => when === 'before');
    const first = hooks.filter((hook) => this.#isFirst(hook, step));
    for (const hook of first) await this.#run(hook, { host: this.#host, role });
    this.#begun.add(role);
    for (const hook of hooks.filter((candidate) => isAtStep(candidate, step)))
      await this.#run(hook, { host: this.#host, role, step: ref, change: { action, fields } });
  }

  async after(ended: readonly SettledStep[], pending: readonly Step[]): Promise<void> {
    const hooks = this.#hooks.filter(({ when }) => when === 'after');
    if (hooks.length === 0) return;
    const worked = ended.filter(({ status }) => status === 'changed' || status === 'failed');
    for (const { step, status } of worked) {
      this.#begun.add(step.role);
      for (const hook of hooks.filter((candidate) => isAtStep(candidate, step)))
        await this.#run(hook, { host: this.#host, role: step.role, step: step.ref, status });
    }
    const roles = new Set(ended.map(({ step }) => step.role));
    for (const role of roles) {
      if (!this.#begun.has(role) || pending.some((step) => step.role === role)) continue;
      for (const hook of hooks.filter((candidate) => isAtRole(candidate, role, this.#host)))
        await this.#run(hook, { host: this.#host, role });
    }
  }
}
