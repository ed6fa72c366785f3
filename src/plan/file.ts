import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { prettifyError } from 'zod';
import { ConfigError } from '#src/errors.ts';
import { PLAN_VERSION, type PlanDocument, PlanDocumentSchema } from './document.ts';

/** Writes aside, then renames; only the owner can read it, as it tells much of the machines. */
export async function writePlan(path: string, document: PlanDocument): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    await writeFile(aside, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600, flush: true });
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw new ConfigError(`the plan could not be written to ${path}: ${(error as Error).message}`);
  }
}

/** Throws ConfigError when it cannot be read, is of another version, or not a plan. */
export async function readPlan(path: string): Promise<PlanDocument> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw refusal(path, error.code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${error.code})`);
  });
  const data = parseJson(path, text);
  const version = (data as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version !== PLAN_VERSION)
    throw refusal(path, `it is a plan of version ${version}, and this picluster reads version ${PLAN_VERSION}`);
  const parsed = PlanDocumentSchema.safeParse(data);
  if (!parsed.success) throw refusal(path, `it is not a plan, or was edited:\n${prettifyError(parsed.error)}`);
  return parsed.data;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusal(path, `it is not JSON: ${(error as Error).message}`);
  }
}

const refusal = (path: string, why: string): ConfigError =>
  new ConfigError(`${path}: ${why}`, [], { hint: 'make a plan with: picluster plan -o FILE' });
