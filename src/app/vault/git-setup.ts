import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeAllAside } from '#src/secrets/write-aside.ts';
import { quote } from '#src/shell/script.ts';
import { openVault, say, type VaultFlags } from './common.ts';
import { git, tryGit } from './git.ts';

const DRIVER = 'diff.picluster-vault';
const ATTRIBUTES = '.gitattributes';
const LINE = '*secrets.yaml.asc diff=picluster-vault';

/** Makes `git diff` and `git log -p` show vault files decrypted, in this clone; with `undo`, no longer. A second time it changes nothing. */
export async function setUpGit(flags: VaultFlags & { undo?: boolean }): Promise<void> {
  const { directory } = await openVault(flags);
  await git(directory, ['rev-parse', '--is-inside-work-tree']);
  if (flags.undo) await removeDriver(directory);
  else await addDriver(directory);
  const path = join(directory, ATTRIBUTES);
  const before = await readFile(path, 'utf8').catch(() => '');
  const after = flags.undo ? withoutLine(before, LINE) : withLine(before, LINE);
  if (after === before) return say(`${ATTRIBUTES} is as it should be`);
  if (after === '') await rm(path);
  else await writeAllAside([{ path, content: after }]);
  say(`${ATTRIBUTES}: ${flags.undo ? 'removed' : 'added'} "${LINE}"${flags.undo ? '' : '; commit it'}`);
}

async function addDriver(directory: string): Promise<void> {
  const command = `${quote(resolve(process.argv[1] ?? 'picluster'))} vault view --textconv`;
  // A cache of git would keep plain text in notes of the repository.
  for (const [key, value] of Object.entries({ textconv: command, cachetextconv: 'false' })) {
    const name = `${DRIVER}.${key}`;
    const before = (await tryGit(directory, ['config', '--local', '--get', name]))?.stdout.trimEnd();
    if (before !== value) await git(directory, ['config', '--local', name, value]);
    say(`git config ${name} ${before === value ? 'is as it should be' : `= ${value}`}`);
  }
}

async function removeDriver(directory: string): Promise<void> {
  const removed = await tryGit(directory, ['config', '--local', '--remove-section', DRIVER]);
  say(`git config ${DRIVER} ${removed?.exitCode === 0 ? 'removed' : 'is not there'}`);
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** A text of lines with one more at its end, unless it is there. Pure. */
export const withLine = (text: string, line: string): string =>
  linesOf(text).some((one) => one.trim() === line) ? text : textOf([...linesOf(text), line]);

/** Pure. */
export function withoutLine(text: string, line: string): string {
  const left = linesOf(text).filter((one) => one.trim() !== line);
  return left.length === linesOf(text).length ? text : textOf(left);
}
