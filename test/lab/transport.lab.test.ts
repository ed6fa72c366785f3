import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { down, Lab, powerCut, powerOn, requireState, ssh, up } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { parseFacts } from '#src/facts/parse.ts';
import { factsScript } from '#src/facts/script.ts';
import { Secret } from '#src/secrets/secret.ts';
import { rawScript, sh } from '#src/shell/script.ts';
import type { Become, Connection, RootShell, Target } from '#src/transport/connection.ts';
import { KnownHosts } from '#src/transport/known-hosts.ts';
import { connect } from '#src/transport/ssh.ts';

const lab = new Lab({ name: 'transport' });
const PASSWORD = 'sesame, open: $HOME `x`';
const LOST_WITHIN_MS = 15_000;
const signal = AbortSignal.timeout(900_000);
let directory: string;
let address: string;
let hostKey: string;
const connections: Connection[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-transport-'));
  await down(lab, { purge: true });
  await up(lab, { nodes: ['t1'], artifacts: false });
  const [node] = (await requireState(lab)).nodes;
  ({ address, hostKey } = node!);
  await asRoot(`useradd -m -G sudo -s /bin/bash carol && printf '%s\\n' '${`carol:${PASSWORD}`.replaceAll("'", "'\\''")}' | chpasswd
    install -d -o carol -m 700 ~carol/.ssh && install -o carol -m 600 ~admin/.ssh/authorized_keys ~carol/.ssh/`);
});

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(directory, { recursive: true, force: true });
});

/** Independent of what is tested: the machine's own ssh. */
async function asRoot(line: string): Promise<string> {
  const result = await ssh(lab, 't1', line, { user: 'root', timeout: 120_000 });
  expect(`${result.exitCode} ${result.exitCode === 0 ? '' : result.stderr}`).toBe('0 ');
  return result.stdout.trim();
}

async function logIn(target: Partial<Target> = {}): Promise<Connection> {
  const connection = await connect(
    {
      name: 't1',
      address,
      port: 22,
      user: 'admin',
      become: { method: 'sudo' },
      hostKeys: [hostKey],
      identityFiles: [lab.local('key')],
      connectTimeoutMs: 20_000,
      ...target,
    },
    { signal, knownHosts: KnownHosts.open(join(directory, 'known_hosts')), onHostKey: () => {}, agent: null, sshConfig: '' },
  );
  connections.push(connection);
  return connection;
}

async function openShell(target: Partial<Target> = {}): Promise<{ connection: Connection; shell: RootShell }> {
  const connection = await logIn(target);
  const become: Become = target.become ?? { method: 'sudo' };
  return { connection, shell: await connection.shell({ signal, become }) };
}

const say = async (shell: RootShell, line: string): Promise<string> =>
  (await shell.run({ script: rawScript(line), timeoutMs: 60_000 })).stdout.toString().trim();

test.each([
  ['root himself', 'root', { method: 'none' }],
  ['sudo without a password', 'admin', { method: 'sudo' }],
  ['sudo without a password, though one is given', 'admin', { method: 'sudo', password: new Secret('unused') }],
  ['sudo with a password', 'carol', { method: 'sudo', password: new Secret(PASSWORD) }],
] satisfies [string, string, Become][])('becomes root: %s', async (_, user, become) => {
  const { connection, shell } = await openShell({ user, become });
  expect(await say(shell, 'id -u; tty; cat')).toBe('0\nnot a tty');
  const path = join(directory, 'small');
  await execa('dd', ['if=/dev/urandom', `of=${path}`, 'bs=1k', 'count=64', 'status=none']);
  const sha256 = await digest(path);
  await connection.upload(path, '/root/small', { signal, sha256, mode: 0o640 });
  expect(await asRoot('sha256sum </root/small; stat -c "%a %U" /root/small; rm /root/small')).toBe(`${sha256}  -\n640 root`);
  expect(
    await asRoot('journalctl -q --no-pager | grep -c "sesam[e]" || :; cat /proc/[0-9]*/cmdline | grep -ac "sesam[e]" || :'),
  ).toBe('0\n0');
});

test.each([
  ['no password', { method: 'sudo' }, /password is required/, 'NOPASSWD'],
  ['a wrong password', { method: 'sudo', password: new Secret('wrong') }, /Sorry/, 'correct the become password'],
] satisfies [string, Become, RegExp, string][])('does not become root with %s, and says why', async (_, become, said, hint) => {
  const connection = await logIn({ user: 'carol', become });
  await expect(connection.shell({ signal, become })).rejects.toMatchObject({
    name: 'PermissionError',
    exitCode: 77,
    host: 't1',
    output: expect.stringMatching(said),
    hint: expect.stringContaining(hint),
  });
});

test('refuses a host key that is not the pinned one', async () => {
  await expect(logIn({ hostKeys: [`SHA256:${'A'.repeat(43)}`] })).rejects.toMatchObject({
    exitCode: 77,
    output: expect.stringContaining(hostKey),
  });
});

test('facts agree with what the machine says by itself', async () => {
  const { shell } = await openShell();
  const reply = await shell.run({ script: factsScript(), timeoutMs: 30_000 });
  expect(reply.stderr.toString()).toBe('');
  const facts = parseFacts(reply.stdout.toString());
  expect(facts).toMatchObject({
    hostname: 't1',
    machineId: await asRoot('cat /etc/machine-id'),
    bootId: await asRoot('cat /proc/sys/kernel/random/boot_id'),
    kernel: await asRoot('uname -r'),
    os: { id: 'debian', codename: 'bookworm' },
    init: 'systemd',
    packageManager: 'apt',
    isRoot: true,
    k3s: { version: undefined, etcd: false, serverCa: undefined },
  });
  expect(facts.addresses).toEqual([address]);
  expect(facts.defaultRoute?.gateway).toBe(await asRoot("ip -4 route show default | cut -d' ' -f3"));
  expect(facts.listening).toContainEqual({ port: 22, process: 'sshd' });
});

test('140 MB arrive whole without the sftp subsystem, and other requests go on meanwhile', async () => {
  await asRoot("sed -i 's/^Subsystem/#Subsystem/' /etc/ssh/sshd_config && systemctl reload ssh");
  await waitFor('sshd after its reload', async () => (await ssh(lab, 't1', 'true')).exitCode === 0, { timeout: 30_000 });
  const { connection, shell } = await openShell();
  const path = join(directory, 'large');
  const file = createWriteStream(path);
  for (let count = 0; count < 140; count++) file.write(randomBytes(1_000_000));
  file.end();
  await finished(file);
  const sha256 = await digest(path);
  let sent = 0;
  const upload = connection.upload(path, '/root/large', {
    signal,
    sha256,
    mode: 0o755,
    onProgress: (bytes) => {
      sent = bytes;
    },
  });
  expect(await say(shell, 'echo meanwhile')).toBe('meanwhile');
  await upload;
  expect(sent).toBe(140_000_000);
  expect(await asRoot('sha256sum </root/large; rm /root/large; ls -A /root | grep -c picluster || :')).toBe(`${sha256}  -\n0`);
});

test('a forward reaches what listens on the machine only', async () => {
  const { connection } = await openShell();
  const port = await connection.forward('127.0.0.1', 22);
  const { stdout } = await execa('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port.port}; read -r line <&3; echo "$line"`]);
  expect(stdout).toMatch(/^SSH-2\.0-OpenSSH/);
});

test('a second run reads who holds the lock; a killed connection frees it', async () => {
  const lock = (holder: string) => ({ path: '/run/picluster.lock', holder });
  const become = { method: 'sudo' } as const;
  const first = await logIn();
  await first.shell({ signal, become, lock: lock('run one by alice@desk') });
  const second = await logIn();
  await expect(second.shell({ signal, become, lock: lock('run two') })).rejects.toMatchObject({
    exitCode: 75,
    message: 't1 is locked by run one by alice@desk',
  });
  await first.close();
  await second.shell({ signal, become, lock: lock('run two') });
  expect(await asRoot('head -n 1 /run/picluster.lock')).toBe('run two');
});

test('a pulled cable is noticed in bounded time, naming the step', async () => {
  const port = await bridgePort();
  try {
    await expectLost(() => execa('ip', ['link', 'set', port, 'down']), /no longer answers/);
  } finally {
    await execa('ip', ['link', 'set', port, 'up']);
  }
  await waitFor('the node after its cable is back', async () => (await ssh(lab, 't1', 'true')).exitCode === 0, {
    timeout: 60_000,
  });
});

test('a power cut in the middle is noticed in bounded time; the machine can be used again afterwards', async () => {
  await expectLost(() => powerCut(lab, 't1'), /./);
  await expect(logIn({ connectTimeoutMs: 3_000 })).rejects.toMatchObject({ name: 'HostLostError', exitCode: 69 });
  await powerOn(lab, 't1');
  const { shell } = await openShell();
  expect(await say(shell, 'echo back')).toBe('back');
});

/** A request that would take a minute, and its host vanishing in the middle. */
async function expectLost(vanish: () => Promise<unknown>, why: RegExp): Promise<void> {
  const { shell } = await openShell();
  const begun = Promise.withResolvers<void>();
  const request = shell.run({
    script: sh`echo begun; sleep 60`,
    step: 'os/package:chrony@t1',
    timeoutMs: 120_000,
    onStdout: () => begun.resolve(),
  });
  const outcome = expect(request).rejects.toMatchObject({
    name: 'HostLostError',
    exitCode: 69,
    host: 't1',
    step: 'os/package:chrony@t1',
    message: expect.stringMatching(why),
  });
  await begun.promise;
  await vanish();
  const startedAt = performance.now();
  await outcome;
  expect(performance.now() - startedAt).toBeLessThan(LOST_WITHIN_MS);
}

/** The bridge's end of the only node's cable. */
async function bridgePort(): Promise<string> {
  const { stdout } = await execa('ip', ['-o', 'link', 'show', 'master', lab.bridge]);
  return /^\d+: ([^@:]+)/.exec(stdout)?.[1] ?? '';
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
