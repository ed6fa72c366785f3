import { glob, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A file of ssh_config(5) as it is written, the files that it includes in their place. */
export type SshConfig = readonly SshConfigLine[];

export interface SshConfigLine {
  /** In lower case. */
  keyword: string;
  values: readonly string[];
  /** For people: `line 7`, of an included file with its path. */
  place: string;
  /** Of an Include: the files that it names. */
  included?: readonly SshConfig[];
}

/** As deep as ssh follows. */
const MAX_DEPTH = 16;

/** The operator's own file with all that it includes; a missing one is empty. */
export async function readSshConfig(path = join(homedir(), '.ssh', 'config')): Promise<SshConfig> {
  return (await readConfig(path, [])) ?? [];
}

/** `chain`: the files that include this one. */
async function readConfig(path: string, chain: readonly string[]): Promise<SshConfig | undefined> {
  const isOutermost = chain.length === 0;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'EISDIR'].includes(code) || (code === 'EACCES' && !isOutermost)) return undefined;
    throw error;
  }
  const lines = parseSshConfig(text, isOutermost ? '' : path);
  const inside = [...chain, path];
  if (inside.length > MAX_DEPTH) return lines;
  for (const line of lines) {
    if (line.keyword !== 'include') continue;
    const files = (await Promise.all(line.values.map(filesOf))).flat().filter((file) => !inside.includes(file));
    const included = await Promise.all(files.map((file) => readConfig(file, inside)));
    line.included = included.filter((file) => file !== undefined);
  }
  return lines;
}

/** Relative to ~/.ssh, in order of their names. */
async function filesOf(pattern: string): Promise<string[]> {
  const home = homedir();
  const absolute = resolve(join(home, '.ssh'), pattern.replace(/^~(?=\/|$)/, home));
  const files: string[] = [];
  for await (const file of glob(absolute)) files.push(file);
  return files.sort();
}

/** Includes are not read. `path` is named in places; empty for the operator's own file. Pure. */
export function parseSshConfig(text: string, path = ''): SshConfigLine[] {
  return text.split('\n').flatMap((line, index) => {
    const [, keyword, rest = ''] = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    if (keyword === undefined) return [];
    const values = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
    const place = path ? `${path}:${index + 1}` : `line ${index + 1}`;
    return [{ keyword: keyword.toLowerCase(), values: untilComment(values), place }];
  });
}

function untilComment(values: string[]): string[] {
  const at = values.findIndex((value) => value.startsWith('#'));
  return at === -1 ? values : values.slice(0, at);
}

/** A negated pattern that matches rules the whole line out, wherever it stands. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  const fits = (pattern: string): boolean => wildcard(pattern).test(text);
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i');
}
