import type { Step } from '#src/engine/graph.ts';
import type { SettledStep, StepHooks } from '#src/engine/step-hooks.ts';
import type { Change } from '#src/resource/kind.ts';
import type { Upgrade } from '#src/role/step.ts';
import { type Hook, type HookInput, isAtRole, isAtStep, isAtUpgrade } from './hook.ts';

/** What a hook is told about where it stands. */
export type HookSubject = Pick<HookInput, 'host' | 'role' | 'step' | 'status' | 'change' | 'upgrade'>;

/** Runs one hook; rejects with HookFailedError when it fails and is to stop what it stands at. */
export type RunHook = (hook: Hook, subject: HookSubject) => Promise<void>;

/** The step that begins an upgrade of this host, and what its role came to. */
interface Upgrading {
  readonly step: Step;
  readonly upgrade: Upgrade;
  status: 'changed' | 'failed';
}

/**
 * The hooks of one host in one run: those around a role run once, when its first step changes and when its last has ended; those around an
 * upgrade right before the step that begins it, and when its role has ended.
 */
export class HostHooks implements StepHooks {
  readonly #hooks: readonly Hook[];
  readonly #host: string;
  readonly #run: RunHook;
  readonly #begun = new Set<string>();
  readonly #upgrading = new Map<string, Upgrading>();

  constructor(hooks: readonly Hook[], host: string, run: RunHook) {
    this.#hooks = hooks;
    this.#host = host;
    this.#run = run;
  }

  isAround(step: Step): boolean {
    return this.#hooks.some(
      (hook) => isAtStep(hook, step) || (hook.when === 'before' && (isAtUpgrade(hook, step) || this.#isFirst(hook, step))),
    );
  }

  #isFirst(hook: Hook, { role }: Step): boolean {
    return isAtRole(hook, role, this.#host) && !this.#begun.has(role);
  }

  async before(step: Step, { action, fields }: Change): Promise<void> {
    const { role, ref, upgrade } = step;
    const hooks = this.#hooks.filter(({ when }) => when === 'before');
    const first = hooks.filter((hook) => this.#isFirst(hook, step));
    for (const hook of first) await this.#run(hook, { host: this.#host, role });
    this.#begun.add(role);
    for (const hook of hooks.filter((candidate) => isAtUpgrade(candidate, step)))
      await this.#run(hook, { host: this.#host, role, step: ref, ...(upgrade && { upgrade }) });
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
    for (const one of ended) this.#noteUpgrade(one);
    const roles = new Set(ended.map(({ step }) => step.role));
    for (const role of roles) if (!pending.some((step) => step.role === role)) await this.#afterRole(role, hooks);
  }

  #noteUpgrade({ step, status }: SettledStep): void {
    const { role, upgrade } = step;
    if (upgrade && (status === 'changed' || status === 'failed')) this.#upgrading.set(role, { step, upgrade, status });
    const upgrading = this.#upgrading.get(role);
    if (upgrading && (status === 'failed' || status === 'not-reached')) upgrading.status = 'failed';
  }

  async #afterRole(role: string, hooks: readonly Hook[]): Promise<void> {
    const upgrading = this.#upgrading.get(role);
    this.#upgrading.delete(role);
    if (upgrading) {
      const { step, upgrade, status } = upgrading;
      for (const hook of hooks.filter((candidate) => isAtUpgrade(candidate, step)))
        await this.#run(hook, { host: this.#host, role, step: step.ref, status, upgrade });
    }
    if (!this.#begun.has(role)) return;
    for (const hook of hooks.filter((candidate) => isAtRole(candidate, role, this.#host)))
      await this.#run(hook, { host: this.#host, role });
  }
}
