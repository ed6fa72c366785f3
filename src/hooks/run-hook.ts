import type { Emit } from '#src/engine/events.ts';
import { HookFailedError, HostLostError, InterruptedError, PiclusterError, TimeoutError } from '#src/errors.ts';
import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import type { RootShell } from '#src/transport/connection.ts';
import { runOnControl } from './control-command.ts';
import type { Hook, HookInput } from './hook.ts';

const TAIL = 2_000;

export interface HookRunnerOptions {
  /** Where hooks of this machine run: the cluster directory. */
  readonly directory: string;
  readonly base: Pick<HookInput, 'run' | 'command' | 'cluster' | 'release'>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** The root shell of a host; for hooks that run there. */
  shell(host: string): Promise<RootShell>;
}

interface Outcome {
  exitCode: number;
  output: string;
}

/** Runs a hook and says how it ended. Throws HookFailedError when it failed and `failure: stop`; HostLostError and InterruptedError as they come. */
export async function runHook(hook: Hook, subject: Partial<HookInput>, options: HookRunnerOptions): Promise<void> {
  const { emit, base } = options;
  const { host } = subject;
  const input: HookInput = { v: 1, hook: hook.title, ...base, ...subject };
  const startedAt = performance.now();
  const { exitCode, output } = await outcomeOf(hook, input, options);
  const status = exitCode === 0 ? 'done' : 'failed';
  const durationMs = performance.now() - startedAt;
  emit({ type: 'hook.end', ...(host && { host }), hook: hook.title, on: hook.on, status, exitCode, durationMs, output });
  if (exitCode === 0) return;
  if (hook.failure === 'warn') {
    emit({ type: 'warning', ...(host && { host }), text: `the hook ${hook.title} ended with exit status ${exitCode}` });
    return;
  }
  throw new HookFailedError(`the hook ${hook.title} ended with exit status ${exitCode}`, {
    ...(host && { host }),
    command: hook.run,
    output,
    hint: 'mend what it said, or set failure: warn for it in cluster.yaml; then run again',
  });
}

function outcomeOf(hook: Hook, input: HookInput, options: HookRunnerOptions): Promise<Outcome> {
  const text = `${JSON.stringify(input)}\n`;
  return hook.on === 'host' && input.host ? onHost(hook, text, input.host, options) : onControl(hook, text, options);
}

async function onControl(hook: Hook, input: string, { directory, signal }: HookRunnerOptions): Promise<Outcome> {
  const { exitCode, output, ended } = await runOnControl({ run: hook.run, directory, input, timeoutMs: hook.timeoutMs, signal });
  if (ended === 'interrupted') throw new InterruptedError(`interrupted during the hook ${hook.title}`);
  const late = ended === 'late' ? `\nit did not end within ${hook.timeoutMs / 1000} s and was ended` : '';
  return { exitCode: ended ? 124 : exitCode, output: `${output.slice(-TAIL)}${late}`.trim() };
}

async function onHost(hook: Hook, input: string, host: string, { shell, signal }: HookRunnerOptions): Promise<Outcome> {
  const script = joinScripts([sh`printf '%s' ${input} | (`, rawScript(hook.run), sh`) 2>&1`]);
  try {
    const root = await shell(host);
    const { exitCode, stdout } = await root.run({ script, step: `hook ${hook.title}`, timeoutMs: hook.timeoutMs, signal });
    return { exitCode, output: stdout.toString().slice(-TAIL).trim() };
  } catch (error) {
    if (error instanceof HostLostError || error instanceof InterruptedError) throw error;
    if (error instanceof TimeoutError) return { exitCode: 124, output: `${error.message}\n${error.output ?? ''}`.trim() };
    if (error instanceof PiclusterError) return { exitCode: 1, output: error.message };
    throw error;
  }
}
