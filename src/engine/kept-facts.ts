import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Facts } from '#src/facts/facts.ts';

/** What a host said in the last run that looked, and the line by which it is known to be the same. Never the truth: a guess at what to ask. */
export interface KeptFacts {
  readonly facts: Facts;
  readonly fingerprint: string;
}

const fileOf = (stateDirectory: string, host: string): string => join(stateDirectory, 'facts', `${host}.json`);

/** Undefined when nothing was kept, or nothing that can be read. */
export async function readKeptFacts(stateDirectory: string, host: string): Promise<KeptFacts | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(stateDirectory, host), 'utf8'));
  } catch {
    return undefined;
  }
}

/** What cannot be kept is asked for again. */
export async function keepFacts(stateDirectory: string, host: string, { facts, fingerprint }: KeptFacts): Promise<void> {
  const file = fileOf(stateDirectory, host);
  const aside = `${file}.${process.pid}`;
  try {
    await mkdir(join(stateDirectory, 'facts'), { recursive: true, mode: 0o700 });
    await writeFile(aside, JSON.stringify({ facts, fingerprint }), { mode: 0o600 });
    await rename(aside, file);
  } catch {
    await rm(aside, { force: true }).catch(() => {});
  }
}
