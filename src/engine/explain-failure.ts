import { StepFailedError } from '#src/errors.ts';
import { diagnose, parseStorage, storageScript, suspect } from './diagnose.ts';
import { parseRecords, type ResourceStep } from './observe.ts';
import type { HostSession } from './session.ts';

const STORAGE_TIMEOUT_MS = 20_000;

/** The same failure, saying what lies behind it where that can be found out: one more request, and only for what a full or read-only disk says. */
export async function explainFailure(error: StepFailedError, step: ResourceStep, session: HostSession): Promise<StepFailedError> {
  const output = error.output ?? '';
  const suspicion = suspect(output, pathsOf(step));
  if (!suspicion) return error;
  const systems = suspicion.cause === 'dns' ? [] : await storageOf(session, suspicion.paths);
  const diagnosis = diagnose(suspicion, session.host.name, systems);
  if (!diagnosis) return error;
  const { what, hint } = diagnosis;
  return new StepFailedError(`${step.title}: ${what}`, { host: session.host.name, step: step.ref, output, hint, cause: error });
}

async function storageOf(session: HostSession, paths: readonly string[]) {
  try {
    const { stdout } = await session.shell.run({
      script: storageScript(paths),
      step: 'diagnosis',
      timeoutMs: STORAGE_TIMEOUT_MS,
    });
    return parseStorage(parseRecords(stdout.toString()));
  } catch {
    // The failure is told as it is: this was only to say more about it.
    return [];
  }
}

function pathsOf({ work }: ResourceStep): string[] {
  const { spec } = work;
  return typeof spec === 'object' && spec !== null && 'path' in spec && typeof spec.path === 'string' ? [spec.path] : [];
}
