import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { onTerminal } from '../../../test/support/terminal.ts';
import { LAUNCHER, runVault, vaultEnv } from './testing/run-vault.ts';

const BOUND_MS = 120_000;
let alex: GpgHome;
let directory: string;
/** A tmpfs of this test alone. */
let memory: string;
let vaultBefore: string;
beforeAll(async () => {
  alex = await GpgHome.create();
  await alex.generate('alex');
  directory = mkdtempSync(join(tmpdir(), 'picluster-edit-'));
  memory = mkdtempSync('/dev/shm/picluster-test-');
  writeFileSync(file('cluster.yaml'), 'name: home\nrelease: v1.9\n');
  await runVault(directory, alex, ['init', '-r', 'alex@example.com']);
  await runVault(directory, alex, ['set', 'a'], { input: 'swordfish' });
  vaultBefore = vaultText();
}, 60_000);
afterAll(async () => {
  await alex.remove();
  for (const path of [directory, memory]) rmSync(path, { recursive: true });
});
beforeEach(() => {
  rmSync(file('.vault.lock'), { force: true });
  writeFileSync(file('secrets.yaml.asc'), vaultBefore);
});

const file = (name: string): string => join(directory, name);
const vaultText = (): string => readFileSync(file('secrets.yaml.asc'), 'utf8');
const envOf = (script: string): Record<string, string> => {
  writeFileSync(file('editor'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { ...vaultEnv(directory, alex), XDG_RUNTIME_DIR: memory, VISUAL: `'${file('editor')}'`, EDITOR: 'false' };
};
const edit = (script: string, args: readonly string[] = []) =>
  runVault(directory, alex, ['edit', ...args], { env: envOf(script) });
const decrypted = (name = 'secrets.yaml.asc'): Promise<string> => alex.gpg(['--decrypt'], readFileSync(file(name), 'utf8'));

it(
  'what is saved is encrypted; while it is open it lies in memory, for this user only',
  async () => {
    const look = `stat -c '%a %n' "$1" "\${1%/*}" >'${file('seen')}'; df --output=fstype "$1" | tail -1 >>'${file('seen')}'; echo "$TMPDIR" >>'${file('seen')}'`;
    expect(await edit(`${look}; sed -i s/swordfish/herring/ "$1"`)).toEqual({ exitCode: 0, output: 'saved secrets.yaml.asc' });
    expect(await decrypted()).toContain('a: herring');
    expect(readFileSync(file('seen'), 'utf8')).toMatch(/^600 (\/dev\/shm\/.*)\/secrets\.yaml\n700 \1\ntmpfs\n\1\n$/);
    const after = vaultText();
    expect(await edit('true')).toEqual({ exitCode: 0, output: 'secrets.yaml.asc is as it was' });
    expect(vaultText()).toBe(after);
    expect(readdirSync(memory)).toEqual([]);
  },
  BOUND_MS,
);

it(
  'other encrypted files, and files of groups that are not there yet',
  async () => {
    writeFileSync(file('b.txt'), 'no YAML: [\n');
    await runVault(directory, alex, ['encrypt', file('b.txt')]);
    expect(await edit('echo more >>"$1"', [file('b.txt')])).toEqual({ exitCode: 0, output: 'saved b.txt' });
    expect(await decrypted('b.txt')).toBe('no YAML: [\nmore\n');
    expect(await edit('echo "c: d" >>"$1"', ['x.secrets.yaml.asc'])).toEqual({ exitCode: 0, output: 'saved x.secrets.yaml.asc' });
    expect(await decrypted('x.secrets.yaml.asc')).toContain('\nc: d\n');
    expect(await edit('true', ['none.txt'])).toMatchObject({ exitCode: 64 });
  },
  BOUND_MS,
);

it.each([
  ['a mistake', 'echo "b: [" >"$1"', 65, 'secrets.yaml.asc:2:1: not valid YAML'],
  ['a number', 'printf "a: x\\nb: 5\\n" >"$1"', 65, 'secrets.yaml.asc:2:1: b: must be text, not a number'],
  ['an empty file', ': >"$1"', 70, 'the file was empty'],
  ['no file', 'rm "$1"', 70, 'the editor left no file'],
  ['a failure', 'echo "a: b" >"$1"; exit 3', 70, 'ended with exit code 3'],
  ['a killed editor', 'echo "a: b" >"$1"; kill -9 $$', 70, 'was killed by SIGKILL'],
])(
  '%s: told, nothing is saved and nothing left',
  async (_name, script, exitCode, said) => {
    const answer = await edit(script);
    expect(answer).toMatchObject({ exitCode });
    expect(answer.output).toContain(said);
    expect(answer.output).toContain('nothing was changed');
    expect(vaultText()).toBe(vaultBefore);
    expect(readdirSync(memory)).toEqual([]);
  },
  BOUND_MS,
);

it(
  'what somebody else wrote in the meantime stays; a second command is refused and told who edits',
  async () => {
    const other = await alex.gpg(['--armor', '--trust-model', 'always', '-r', 'alex@example.com', '--encrypt'], 'a: other\n');
    writeFileSync(file('other'), other);
    const env = vaultEnv(directory, alex);
    const set = `echo x | PICLUSTER_CLUSTER='${env.PICLUSTER_CLUSTER}' '${process.execPath}' '${LAUNCHER}' vault set b`;
    const answer = await edit(`${set}; cp '${file('other')}' '${file('secrets.yaml.asc')}'; echo "a: mine" >"$1"`);
    expect(answer.output).toMatch(/another run changes the vault: picluster vault edit by .*, pid \d+, since/);
    expect(answer.output).toContain('secrets.yaml.asc was changed by somebody else since it was read; nothing was written');
    expect(answer).toMatchObject({ exitCode: 75 });
    expect(vaultText()).toBe(other);
  },
  BOUND_MS,
);

it(
  'on a terminal a mistake can be mended, or dropped',
  async () => {
    const script = `echo x >>'${file('calls')}'; if [ $(wc -l <'${file('calls')}') = 2 ]; then echo "a: b" >"$1"; else echo "a: [" >"$1"; fi`;
    const mended = await onTerminal('vault edit', ['y'], envOf(script), /\[Y\/n\] [^\n]*$/);
    expect(mended).toMatchObject({ exitCode: 0, unasked: [] });
    expect(mended.all).toContain('secrets.yaml.asc:2:1: not valid YAML');
    expect(await decrypted()).toBe('a: b\n');
    const after = vaultText();
    expect(await onTerminal('vault edit', ['n'], envOf(script), /\[Y\/n\] [^\n]*$/)).toMatchObject({ exitCode: 70 });
    expect(vaultText()).toBe(after);
    expect(readdirSync(memory)).toEqual([]);
  },
  BOUND_MS,
);

/** `vault edit` with an editor that stays open. */
async function opened() {
  rmSync(file('open'), { force: true });
  const child = execa(process.execPath, [LAUNCHER, 'vault', 'edit'], {
    reject: false,
    env: envOf(`echo $$ >'${file('open')}'; exec sleep 30`),
  });
  for (let waited = 0; !existsSync(file('open')) && waited < 200; waited += 1) await sleep(50);
  expect(readdirSync(memory)).toHaveLength(1);
  return { child };
}

it.each(['SIGTERM', 'SIGHUP'] as const)(
  '%s ends the editor, and nothing is left',
  async (signal) => {
    const { child } = await opened();
    await sleep(50);
    child.kill(signal);
    expect((await child).exitCode).toBe(130);
    expect([readdirSync(memory), existsSync(file('.vault.lock')), vaultText()]).toEqual([[], false, vaultBefore]);
    expect(() => process.kill(Number(readFileSync(file('open'), 'utf8')), 0)).toThrow('ESRCH');
  },
  BOUND_MS,
);

it(
  'what a SIGKILL left is wiped by the next command, and holds nobody up',
  async () => {
    const { child } = await opened();
    child.kill('SIGKILL');
    process.kill(Number(readFileSync(file('open'), 'utf8')));
    await child;
    expect(readdirSync(memory)).toHaveLength(1);
    expect((await runVault(directory, alex, ['set', 'b'], { input: 'x', env: { XDG_RUNTIME_DIR: memory } })).exitCode).toBe(0);
    expect([readdirSync(memory), existsSync(file('.vault.lock'))]).toEqual([[], false]);
  },
  BOUND_MS,
);
