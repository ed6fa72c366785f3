import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { waitUntilUnlocked } from '../support/nodes.ts';
import { Picluster } from '../support/picluster.ts';
import { Trial } from '../support/trial.ts';

/** What can be wrong with machines and with whoever works on them at the same time. */
const NODES = ['m1', 'm2'];
const FILE = { path: '/etc/trial.conf', text: 'trial\n' };
const PASSWORD = 'sesame, open: `x`';
let trial: Trial;

beforeAll(async () => {
  trial = await Trial.up('machine', NODES);
});
afterAll(() => trial?.erase());

const onBoth = (script: string): Promise<string[]> => Promise.all(NODES.map((node) => trial.on(node, script)));
const NOTHING = ['no', 'no'];
const isThere = (path: string) => onBoth(`test -e ${path} && echo yes || echo no`);

test('a clock that is hours off is refused before the first change, naming machine and offset', async () => {
  const date = '/usr/local/sbin/date';
  await trial.on('m2', `printf '%s\\n' '#!/bin/sh' 'exec /bin/date -d "3 hours" "$@"' >${date}; chmod 755 ${date}`);
  await trial.want({ files: [FILE] });
  const { exitCode, all } = await trial.apply();
  expect(all).toMatch(
    /refused: the machines are not ready; nothing was changed\n.*m2: its clock is 3 h 0 min ahead of the others/,
  );
  expect(all).not.toContain('m1: its clock');
  expect(exitCode).toBe(78);
  expect(await isThere(FILE.path)).toEqual(NOTHING);
  await trial.on('m2', `rm ${date}`);
  await trial.expectConverges();
});

test('a wrong sudo password: one error for all machines, nothing changed', async () => {
  const hostsFile = join(trial.cli.cluster, 'hosts.yaml');
  const before = await readFile(hostsFile, 'utf8');
  const secretsFile = join(trial.cli.cluster, 'secrets.yaml');
  const givePassword = (password: string) => writeFile(secretsFile, stringify({ become: { all: password } }), { mode: 0o600 });
  await onBoth(`useradd -m -G sudo carol; chpasswd <<'END'
carol:${PASSWORD}
END
    install -d -o carol -m 700 ~carol/.ssh; install -o carol -m 600 ~admin/.ssh/authorized_keys ~carol/.ssh/`);
  const { hosts } = parse(before);
  for (const host of Object.values<Record<string, unknown>>(hosts))
    Object.assign(host, { user: 'carol', become: { method: 'sudo', passwordSecret: 'become.all' } });
  await writeFile(hostsFile, stringify({ hosts }));
  await givePassword('wrong');
  const other = { path: '/etc/trial-password.conf', text: 'trial\n' };
  await trial.want({ files: [other] });

  const { exitCode, all } = await trial.apply();
  for (const node of NODES) expect(all).toContain(`sudo on ${node} did not accept the password of carol`);
  expect(all.match(/next:/g)).toHaveLength(1);
  expect(exitCode).toBe(77);
  expect(await isThere(other.path)).toEqual(NOTHING);
  expect(await onBoth('journalctl -q -t sudo -g "incorrect password" -o cat | grep -c "1 incorrect" || :')).toEqual(['1', '1']);

  await givePassword(PASSWORD);
  await trial.expectConverges();
  await writeFile(hostsFile, before);
});

test('a package lock that is not given back: waited for, then told with who holds it', async () => {
  const lock = '/var/lib/dpkg/lock-frontend';
  const pids = await onBoth(`flock ${lock} sleep 600 >/dev/null 2>&1 & echo $!`);
  await trial.want({ packages: ['tree'], lockSeconds: 2 });
  const { exitCode, all } = await trial.apply();
  for (const [index, node] of NODES.entries()) {
    const holder = `${lock} is locked by flock (pid ${pids[index]}: flock ${lock} sleep 600)`;
    expect(all).toContain(`${node}: waiting: ${holder}`);
    expect(all).toContain(`${holder}, for more than 2 s: let it finish, or stop it, and run again`);
  }
  expect(exitCode).toBe(70);
  await onBoth(`pkill -f 'sleep 60[0]'`);
  await trial.expectConverges();
});

test('picluster killed in the middle of a step: the machine ends the step, frees its lock, and nothing is done twice', async () => {
  const counter = '/var/lib/trial-count';
  // It lasts until it is let go: however slow this machine is, the second run comes in the middle.
  const wait = `n=0; while [ ! -e ${counter}.go ] && [ $n -lt 120 ]; do sleep 1; n=$((n + 1)); done`;
  const run = `echo once >>${counter}; ${wait}; touch ${counter}.done`;
  await trial.want({ commands: [{ title: 'count', run, creates: `${counter}.done` }] });
  const args = ['apply', '-C', trial.cli.cluster, '--yes', '--output', 'json'];
  const killed = new Picluster(args, { stateHome: trial.cli.stateHome, timeoutMs: 60_000 });
  const seen = await killed.event((event) => event.type === 'step.start' && event.host === 'm1');
  expect(seen).toBeDefined();
  killed.kill('SIGKILL');
  await killed.ended;

  const second = await trial.apply();
  expect(second.all).toMatch(new RegExp(`m1 is locked by run \\S+ \\(picluster apply\\) by .*, pid ${killed.pid}, since `));
  expect(second.exitCode).toBe(75);
  await onBoth(`touch ${counter}.go`);
  await waitUntilUnlocked(trial.lab);
  await trial.expectConverges();
  expect(await onBoth(`cat ${counter}`)).toEqual(['once', 'once']);
});

test('Ctrl-C twice: what runs on the machines is ended, now', async () => {
  const done = '/var/lib/trial-patience';
  await trial.want({ commands: [{ title: 'patience', run: `[ -e ${done}.short ] || sleep 987; touch ${done}`, creates: done }] });
  const args = ['apply', '-C', trial.cli.cluster, '--yes', '--output', 'json'];
  const run = new Picluster(args, { stateHome: trial.cli.stateHome, timeoutMs: 120_000 });
  const waiting = new Set(NODES);
  await run.event((event) => event.type === 'step.start' && waiting.delete(event.host) && waiting.size === 0);
  run.kill('SIGINT');
  expect(await run.event((event) => event.type === 'warning' && event.text.startsWith('interrupted'))).toBeDefined();
  run.kill('SIGINT');
  const { exitCode, events } = await run.ended;
  expect(exitCode).toBe(130);
  expect(events.at(-1)).toMatchObject({ type: 'run.end', status: 'interrupted', changed: 0 });
  expect(await onBoth(`pgrep -fc 'sleep 98[7]' || :`)).toEqual(['0', '0']);
  expect(await isThere(done)).toEqual(NOTHING);
  await waitUntilUnlocked(trial.lab);
  await onBoth(`touch ${done}.short`);
  await trial.expectConverges();
});
