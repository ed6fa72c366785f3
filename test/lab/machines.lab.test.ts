import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cacheDir } from '#lab/artifacts/cache.ts';
import {
  down,
  findLeader,
  Lab,
  powerCut,
  powerOff,
  powerOn,
  reboot,
  requireState,
  restore,
  snapshot,
  ssh,
  status,
  up,
} from '#lab/machines/index.ts';
import { findRunner } from '#lab/machines/runner.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { NOTHING, traces } from './traces.ts';

const lab = new Lab({ name: 'machines' });
const options = { nodes: ['t1', 't2'], artifacts: false };

/** Output of a shell line on a node as root; a bad exit fails the test with what the node said. */
async function on(node: string, line: string): Promise<string> {
  const result = await ssh(lab, node, line, { user: 'root', timeout: 120_000 });
  expect(`${result.exitCode} ${result.exitCode === 0 ? '' : result.stderr}`).toBe('0 ');
  return result.stdout.trim();
}

const states = async () => Object.fromEntries((await status(lab)).nodes.map((node) => [node.name, node.state]));

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, options);
});

afterAll(async () => {
  await down(lab, { purge: true });
  expect(await traces(lab.id)).toEqual(NOTHING);
});

test('up again leaves machines, keys and service as they are', async () => {
  const before = await status(lab);
  const state = await requireState(lab);
  await up(lab, options);
  const after = await status(lab);
  expect(after.up).toBe(true);
  expect(after.nodes.map((node) => node.pid)).toEqual(before.nodes.map((node) => node.pid));
  expect(await requireState(lab)).toEqual(state);
});

test('nodes are machines of their own: names, ids, host keys, sudo, each other', async () => {
  expect(await on('t1', 'hostname')).toBe('t1');
  expect(await on('t1', 'cat /etc/machine-id')).not.toBe(await on('t2', 'cat /etc/machine-id'));
  expect(await on('t1', 'cat /proc/sys/kernel/random/boot_id')).not.toBe(await on('t2', 'cat /proc/sys/kernel/random/boot_id'));
  const { nodes } = await requireState(lab);
  expect(new Set(nodes.map((node) => node.hostKey)).size).toBe(2);
  expect((await ssh(lab, 't1', 'sudo -n id -u')).stdout).toBe('0');
  await on('t1', `ping -c 1 -W 2 ${nodes[1]!.address}`);
  expect(await on('t1', 'systemctl is-system-running --wait || systemctl --failed')).toBe('running');
});

test("no node changes the machine's clock or kernel parameters; its own it may set", async () => {
  const own = await readFile('/proc/sys/kernel/panic', 'utf8');
  expect(await on('t1', 'sysctl -qw kernel.panic=77 && sysctl -n kernel.panic')).toBe('77');
  expect(await on('t2', 'sysctl -n kernel.panic')).not.toBe('77');
  expect(await readFile('/proc/sys/kernel/panic', 'utf8')).toBe(own);
  const host = await readFile('/proc/sys/net/ipv4/conf/all/rp_filter', 'utf8');
  await on('t1', 'sysctl -qw net.ipv4.conf.all.rp_filter=2');
  expect(await readFile('/proc/sys/net/ipv4/conf/all/rp_filter', 'utf8')).toBe(host);
  for (const line of ['date -s 2001-01-01', 'sysctl -w vm.laptop_mode=1']) {
    expect((await ssh(lab, 't1', line, { user: 'root' })).exitCode, line).not.toBe(0);
  }
  expect(new Date().getFullYear()).toBeGreaterThan(2001);
});

test('a parameter in sysctl.d holds after a boot, also a shorter one than the default', async () => {
  await on('t2', 'echo fs.inotify.max_user_watches=9 > /etc/sysctl.d/90-test.conf');
  await reboot(lab, 't2');
  expect(await on('t2', 'cat /proc/sys/fs/inotify/max_user_watches')).toBe('9');
});

test('nodes install Debian packages, and keep them for others', async () => {
  await on('t1', 'DEBIAN_FRONTEND=noninteractive apt-get -qq -y install chrony < /dev/null');
  // all machines share one clock: it runs, and leaves the clock alone
  expect(await on('t1', 'systemctl is-active chrony && pgrep -a chronyd')).toMatch(/^active\n.*chronyd -x/);
  expect((await readdir(join(cacheDir(), 'debs', 'bookworm'))).some((name) => name.startsWith('chrony_'))).toBe(true);
});

test('mirror and git answer on the bridge; a commit is pushed with the token of the secrets', async () => {
  const { gateway } = await requireState(lab);
  expect(await on('t1', `curl -sf http://${gateway}:8080/healthz`)).toContain(lab.id);
  const secrets = parse(await readFile(lab.local('cluster', 'secrets.yaml'), 'utf8')) as { git: { token: string } };
  const url = `http://flux:${secrets.git.token}@${gateway}:8081/cluster.git`;
  const directory = await mkdtemp(join(tmpdir(), 'lab-clone-'));
  try {
    await execa('git', ['clone', '-q', url, directory]);
    const git = (...args: string[]) =>
      execa('git', ['-C', directory, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
    await git('commit', '-q', '--allow-empty', '-m', 'test');
    await git('push', '-q', 'origin', 'main');
    const head = (await git('rev-parse', 'HEAD')).stdout;
    expect((await execa('git', ['ls-remote', url, 'refs/heads/main'])).stdout).toContain(head);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('the power button gives services and inhibitors their time, a cut cable does not', async () => {
  await on('t1', "systemd-run --quiet --unit=witness --property=ExecStop='/bin/touch /etc/stopped' sleep infinity");
  await on('t1', "systemd-run --quiet --unit=delay systemd-inhibit --mode=delay --what=shutdown sh -c 'sleep 4'");
  await waitFor('the inhibitor', async () => (await on('t1', 'systemd-inhibit --list --no-legend')).includes('sleep 4'), {
    timeout: 10_000,
  });
  const began = Date.now();
  await powerOff(lab, 't1');
  expect(Date.now() - began).toBeGreaterThan(2_500);
  expect(await states()).toEqual({ t1: 'off', t2: 'running' });
  await powerOn(lab, 't1');
  await on('t1', 'rm /etc/stopped');

  await on('t1', "systemd-run --quiet --unit=witness --property=ExecStop='/bin/touch /etc/stopped' sleep infinity");
  await powerCut(lab, 't1');
  expect(await states()).toEqual({ t1: 'off', t2: 'running' });
  await powerOn(lab, 't1');
  expect(await on('t1', 'ls /etc/stopped 2>/dev/null || echo none')).toBe('none');
});

test('a reboot keeps disk and host key; the boot is another one', async () => {
  await on('t1', 'echo kept > /etc/kept');
  const before = await on('t1', 'cat /proc/sys/kernel/random/boot_id');
  await reboot(lab, 't1');
  expect(await on('t1', 'cat /etc/kept')).toBe('kept');
  expect(await on('t1', 'cat /proc/sys/kernel/random/boot_id')).not.toBe(before);
});

test('a snapshot brings back files, deletions and the data outside of the overlay', async () => {
  await on('t1', 'mkdir -p /opt/d && echo one > /opt/d/a && rm -f /etc/debian_version && echo data > /var/lib/rancher/data');
  await snapshot(lab, 'before');
  await on('t1', 'rm -r /opt/d /var/lib/rancher/data && echo 13 > /etc/debian_version && touch /opt/new && sync');
  await restore(lab, 'before');
  expect(await on('t1', 'cat /opt/d/a /var/lib/rancher/data; ls /opt/new /etc/debian_version 2>/dev/null || echo gone')).toBe(
    'one\ndata\ngone',
  );
  expect(await states()).toEqual({ t1: 'running', t2: 'running' });
});

test('a node whose runner was killed shows, and up mends it', async () => {
  process.kill((await findRunner(lab, 't1'))!, 'SIGKILL');
  await waitFor('the orphan', async () => (await states()).t1 === 'orphaned' && (await findRunner(lab, 't1')) === undefined, {
    timeout: 5_000,
  });
  await up(lab, options);
  expect(await states()).toEqual({ t1: 'running', t2: 'running' });
});

test('down leaves nothing, counted from outside; kept disks come back', async () => {
  await on('t1', 'echo here > /etc/kept && sync');
  const found = await traces(lab.id);
  for (const [kind, list] of Object.entries(found)) expect(list.length, kind).toBeGreaterThan(0);
  await down(lab, { keep: true });
  expect(await traces(lab.id)).toEqual(NOTHING);
  await up(lab, options);
  expect(await on('t1', 'cat /etc/kept')).toBe('here');
});

test('down cleans up after a crash of everything that could have done it', async () => {
  for (const node of ['t1', 't2']) process.kill((await findRunner(lab, node))!, 'SIGKILL');
  await down(lab);
  expect(await traces(lab.id)).toEqual(NOTHING);
  await expect(access(lab.stateDir)).rejects.toThrow();

  const cli = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
  const half = spawn(process.execPath, [cli, 'lab', '--lab', lab.name, 'up', '--no-artifacts', '--nodes', 't1,t2'], {
    stdio: 'ignore',
  });
  await waitFor('the first node', async () => findLeader(lab, 't1'), { timeout: 60_000, interval: 10 });
  half.kill('SIGKILL');
  await once(half, 'exit');
  await down(lab);
  expect(await traces(lab.id)).toEqual(NOTHING);
});
