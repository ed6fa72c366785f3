import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KnownHosts } from './known-hosts.ts';
import { PrivateKeys } from './private-keys.ts';
import { type ConnectOptions, connect } from './ssh.ts';
import { testKeyPair } from './test-keys.ts';
import { testSshd } from './test-sshd.ts';

const PASSPHRASE = 'open';
let directory: string;
let agent: string;
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  agent = join(directory, 'agent');
  const { stdout } = await execa('ssh-agent', ['-a', agent]);
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]);
  opened.push({ close: async () => void process.kill(pid) });
});
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Writes a key and its public half; returns the blob of that. */
function keyFile(name: string, isLocked = false): Buffer {
  const pair = isLocked ? testKeyPair({ passphrase: PASSPHRASE, cipher: 'aes256-ctr', rounds: 2 }) : testKeyPair();
  writeFileSync(join(directory, name), pair.private, { mode: 0o600 });
  writeFileSync(join(directory, `${name}.pub`), pair.public);
  const parsed = ssh2.utils.parseKey(pair.public);
  if (parsed instanceof Error) throw parsed;
  return parsed.getPublicSSH();
}

const add = (name: string) =>
  execa('ssh-add', [join(directory, name)], {
    env: { SSH_AUTH_SOCK: agent, SSH_ASKPASS: join(directory, 'askpass'), SSH_ASKPASS_REQUIRE: 'force' },
    stdin: 'ignore',
  });

/** Logs in to an sshd that takes three tries and this key; returns how often a passphrase was asked for. */
async function logIn(
  authorized: Buffer,
  files: readonly string[],
  options: Partial<ConnectOptions> = {},
  hosts = 1,
): Promise<number> {
  const server = await testSshd({
    directory,
    name: `n${opened.length}`,
    authorized,
    lines: ['MaxAuthTries 3', 'MaxStartups 100'],
  });
  opened.push(server);
  let asked = 0;
  const keys = new PrivateKeys(async (_path, attempt) => {
    asked += 1;
    return attempt === 1 ? 'wrong' : PASSPHRASE;
  });
  const knownHosts = KnownHosts.open(join(directory, 'known_hosts'));
  const target = server.target({ identityFiles: files.map((name) => join(directory, name)) });
  const one = async (): Promise<void> => {
    const signal = AbortSignal.timeout(60_000);
    opened.push(await connect(target, { signal, knownHosts, onHostKey: () => {}, agent, keys, sshConfig: '', ...options }));
  };
  await Promise.all(Array.from({ length: hosts }, one));
  return asked;
}

it('of an agent with many keys, IdentitiesOnly shows the named one: the server counts tries', async () => {
  const keys = ['a', 'b', 'c', 'd'].map((name) => keyFile(name));
  for (const name of ['a', 'b', 'c', 'd']) await add(name);
  rmSync(join(directory, 'd'));
  await expect(logIn(keys[3]!, [])).rejects.toMatchObject({ exitCode: expect.any(Number), host: expect.any(String) });
  const sshConfig = `IdentitiesOnly yes\nIdentityFile ${join(directory, 'd')}`;
  expect(await logIn(keys[3]!, [], { sshConfig })).toBe(0);
  expect(await logIn(keys[3]!, [], { sshConfig: `${sshConfig}.pub` })).toBe(0);
}, 90_000);

it('a locked key that the agent holds is not asked for', async () => {
  const key = keyFile('locked', true);
  writeFileSync(join(directory, 'askpass'), `#!/bin/sh\necho ${PASSPHRASE}\n`, { mode: 0o755 });
  await add('locked');
  expect(await logIn(key, ['locked'])).toBe(0);
}, 60_000);

it('any other locked key is asked for once, however many hosts want it, and again while it is wrong', async () => {
  const key = keyFile('locked', true);
  expect(await logIn(key, ['locked'], {}, 8)).toBe(2);
}, 60_000);

it('three wrong passphrases are enough, and nobody to ask is said', async () => {
  const key = keyFile('locked', true);
  const wrong = new PrivateKeys(async () => 'wrong');
  await expect(logIn(key, ['locked'], { keys: wrong })).rejects.toMatchObject({
    exitCode: 77,
    output: expect.stringContaining('the passphrase was wrong 3 times'),
  });
  await expect(logIn(key, ['locked'], { keys: new PrivateKeys() })).rejects.toMatchObject({
    exitCode: 77,
    hint: expect.stringContaining(`ssh-add ${join(directory, 'locked')}`),
  });
}, 60_000);
