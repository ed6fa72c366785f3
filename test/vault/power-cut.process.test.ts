import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { generateKey } from 'openpgp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isArmored } from '#src/secrets/openpgp/armor.ts';
import { encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { decryptWithKeyFile } from '#src/secrets/openpgp/private-key.ts';
import { readRecipient } from '#src/secrets/openpgp/recipients.ts';
import { seeded } from '../support/random.ts';

/** Everything of a command killed at once, at a random moment or at the first change of the directory; `make fuzz` does it 200 times. */
const KILLS = Number(process.env.KILLS ?? 16);
const random = seeded(Number(process.env.SEED ?? 1));
const BOUND_MS = 20_000;
/** Stands in every plain text, and nowhere else. */
const CANARY = 'swordfish-on-a-plate';
const LAUNCHER = new URL('../../bin/picluster.js', import.meta.url).pathname;

let scratch: string;
/** A tmpfs, as a login's own one. */
let memory: string;
let environment: Record<string, string>;
const cluster = (): string => join(scratch, 'cluster');
const vaultPath = (): string => join(cluster(), 'secrets.yaml.asc');
const keyFile = (): string => join(scratch, 'key.asc');
const plainPath = (): string => join(scratch, 'plain', 'notes.yaml');
const PLAIN = `notes: ${CANARY}\n`;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'picluster-power-'));
  memory = mkdtempSync('/dev/shm/picluster-power-');
  for (const name of ['cluster/recipients', 'plain', 'tmp', 'gnupg']) mkdirSync(join(scratch, name), { recursive: true });
  const userIDs = [{ name: 'Alex', email: 'alex@example.com' }];
  const key = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs });
  writeFileSync(keyFile(), key.privateKey, { mode: 0o600 });
  writeFileSync(join(cluster(), 'recipients/alex.asc'), key.publicKey);
  writeFileSync(join(cluster(), 'cluster.yaml'), 'name: home\nrelease: v1.9\n');
  const recipient = await readRecipient('alex.asc', key.publicKey);
  if ('refusal' in recipient) throw new Error(recipient.refusal);
  writeFileSync(vaultPath(), await encryptTo([recipient], Buffer.from(`a: ${CANARY}-0\n`)));
  const editor = join(scratch, 'editor.sh');
  writeFileSync(editor, `sed -i "s/^a: .*/a: $(cat "$NEXT_VALUE")/" "$1"; sleep 0.05\n`);
  environment = {
    HOME: scratch,
    TMPDIR: join(scratch, 'tmp'),
    XDG_RUNTIME_DIR: memory,
    GNUPGHOME: join(scratch, 'gnupg'),
    PICLUSTER_CLUSTER: cluster(),
    PICLUSTER_VAULT_KEY: keyFile(),
    EDITOR: `sh ${editor}`,
    NEXT_VALUE: join(memory, 'next'),
  };
});
afterAll(() => {
  for (const directory of [scratch, memory]) rmSync(directory, { recursive: true, force: true });
});

/** A command with a process group of its own, the value that it shall set on its standard input. */
function start(args: readonly string[], value: string): ChildProcess {
  const child = spawn(process.execPath, [LAUNCHER, 'vault', ...args], {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(value);
  return child;
}

const COMMANDS: { args(): string[]; changes: string }[] = [
  { args: () => ['set', 'a'], changes: 'cluster' },
  { args: () => ['rekey'], changes: 'cluster' },
  { args: () => ['edit'], changes: 'cluster' },
  { args: () => ['encrypt', plainPath()], changes: 'plain' },
];

/** Names of files whose change is a moment to kill at: the new text is being written beside the old one, or has taken its place. */
const MOMENTS = [/\.new$/, /(secrets\.yaml\.asc|notes\.yaml)$/];

/** Kills the whole group: after so long, or so long after a name in the directory has changed. */
async function killed(child: ChildProcess, afterMs: number, changed?: { directory: string; name: RegExp }): Promise<void> {
  const ended = once(child, 'exit');
  const looking = new AbortController();
  if (changed) {
    const watcher = watch(join(scratch, changed.directory), { signal: looking.signal });
    const seen = new Promise<void>((resolve) => {
      watcher.on('change', (_kind, name) => changed.name.test(String(name)) && resolve());
    });
    await Promise.race([seen, ended, sleep(BOUND_MS)]);
  }
  if (afterMs > 0) await Promise.race([sleep(afterMs), ended]);
  looking.abort();
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It was quicker.
  }
  await ended;
}

async function plainOf(path: string): Promise<string> {
  const text = readFileSync(path, 'utf8');
  if (!isArmored(text)) return text;
  const plain = await decryptWithKeyFile(path, text, { keyFile: keyFile(), passphrase: async () => undefined });
  return String(plain);
}

/** Files with plain text below the directories, beside the one that is meant to be encrypted. */
function inPlain(...directories: string[]): string[] {
  return directories.flatMap((directory) =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((path) => path !== plainPath() && readFileSync(path).includes(CANARY)),
  );
}

it(
  `${KILLS} kills: the file is the old or the new one, and nothing in clear is left`,
  async () => {
    const timesMs = new Map<number, number>();
    const outcomes = { old: 0, new: 0 };
    let current = `${CANARY}-0`;
    for (let kill = -COMMANDS.length; kill < KILLS; kill += 1) {
      const which = (kill + COMMANDS.length) % COMMANDS.length;
      const { args, changes } = COMMANDS[which]!;
      const next = `${CANARY}-${kill + COMMANDS.length + 1}`;
      writeFileSync(join(memory, 'next'), next);
      writeFileSync(plainPath(), PLAIN);
      const before = readFileSync(vaultPath(), 'utf8');
      const startedAt = performance.now();
      // The first of each runs to its end, and says how long that takes.
      if (kill < 0) {
        const [exitCode] = await once(start(args(), next), 'exit');
        expect(exitCode, args()[0]).toBe(0);
        timesMs.set(which, performance.now() - startedAt);
      } else if (random() < 0.5) await killed(start(args(), next), random() * 1.3 * timesMs.get(which)!);
      else {
        const name = MOMENTS[random() < 0.7 ? 0 : 1]!;
        await killed(start(args(), next), random() < 0.5 ? 0 : random() * 10, { directory: changes, name });
      }
      rmSync(join(memory, 'next'));

      const [, value = ''] = /^a: (\S+)\n$/.exec(await plainOf(vaultPath())) ?? [];
      const name = `kill ${kill}: ${args()[0]}`;
      expect(['set', 'edit'].includes(args()[0]!) ? [current, next] : [current], name).toContain(value);
      expect(await plainOf(plainPath()), name).toBe(PLAIN);
      const isNew = readFileSync(vaultPath(), 'utf8') !== before || isArmored(readFileSync(plainPath(), 'utf8'));
      if (kill >= 0) outcomes[isNew ? 'new' : 'old'] += 1;
      current = value;
      expect(inPlain(scratch), name).toEqual([]);
      const after = await execa(process.execPath, [LAUNCHER, 'vault', 'list'], { env: environment, reject: false });
      expect(after, name).toMatchObject({ exitCode: 0, stdout: 'a' });
      expect(inPlain(scratch, memory), name).toEqual([]);
    }
    console.log(outcomes);
    expect(outcomes.old).toBeGreaterThan(0);
    expect(outcomes.new).toBeGreaterThan(0);
    // What killed ones left beside the file goes with the next change.
    await once(start(['set', 'a'], `${CANARY}-last`), 'exit');
    expect(readdirSync(cluster()).sort()).toEqual(['cluster.yaml', 'recipients', 'secrets.yaml.asc']);
    expect(existsSync(join(scratch, 'tmp')) && readdirSync(join(scratch, 'tmp'))).toEqual([]);
  },
  60_000 + KILLS * 10_000,
);
