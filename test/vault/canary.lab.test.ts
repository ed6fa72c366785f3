import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { generateKey } from 'openpgp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { down, Lab, up } from '#lab/machines/index.ts';
import { encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { readRecipient } from '#src/secrets/openpgp/recipients.ts';
import { Cli } from '../support/cli.ts';
import { onNode } from '../support/nodes.ts';
import { type ProcessWatch, watchProcesses } from '../support/watch-processes.ts';
import { type Canaries, canaries, patternsOf, vaultsOf } from './canary/birds.ts';

/** A cluster from blank machines with secrets that stand nowhere else: afterwards they are found where they must be, and nowhere else. */
const lab = new Lab({ name: 'canary' });
const NODES = ['n1', 'n2'] as const;
const scratch = mkdtempSync(join(tmpdir(), 'picluster-canary-'));
/** What the runs may write to; all of it is searched. */
const watched = join(scratch, 'watched');
/** What only the test may read. */
const hidden = join(scratch, 'hidden');
const cluster = join(watched, 'cluster');
const patterns = join(hidden, 'patterns');
const plan = join(watched, 'plan.json');
const cli = new Cli(cluster);
let birds: Canaries;
let processes: ProcessWatch;
/** Everything that any command said. */
const said: string[] = [];

/** Where they must be, on the machines: what the role writes, and what K3s reads and keeps. */
const OURS = ['conf', 'host', 'key', 'vars'].map((name) => `/etc/canary.${name}`);
const TOKEN = '/etc/rancher/k3s/token';
const PLACES: Record<(typeof NODES)[number], string[]> = {
  n1: [
    ...OURS,
    '/etc/rancher/k3s/agent-token',
    TOKEN,
    ...['agent-token', 'cred/passwd', 'db/etcd', 'token'].map((name) => `/var/lib/rancher/k3s/server/${name}`),
  ],
  n2: [...OURS, TOKEN],
};

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, { nodes: [...NODES], say: (line) => console.log(line) });
  for (const directory of [hidden, join(watched, 'tmp'), join(watched, 'cache')]) mkdirSync(directory, { recursive: true });
  cpSync(lab.local('cluster'), cluster, { recursive: true });
  birds = canaries(parse(readFileSync(join(cluster, 'secrets.yaml'), 'utf8')).git.token);
  rmSync(join(cluster, 'secrets.yaml'));
  writeFileSync(patterns, patternsOf(Object.values(birds)), { mode: 0o600 });
  await makeVault();
  makeRole();
  await giveCarol();
  const environment = `TMPDIR='${watched}/tmp' XDG_CACHE_HOME='${watched}/cache' GNUPGHOME='${hidden}' PICLUSTER_VAULT_KEY='${hidden}/key.asc'`;
  cli.wrapper = ['sh', '-c', `export ${environment} PICLUSTER_VAULT_PASSPHRASE_FD=3; exec "$@" 3<'${hidden}/passphrase'`, 'sh'];
  processes = watchProcesses(patterns);
});

afterAll(async () => {
  await processes?.stop();
  await down(lab, { purge: true });
  for (const directory of [scratch, cli.stateHome]) rmSync(directory, { recursive: true, force: true });
});

async function makeVault(): Promise<void> {
  const userIDs = [{ name: 'Alex', email: 'alex@example.com' }];
  const key = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs, passphrase: birds.passphrase });
  writeFileSync(join(hidden, 'key.asc'), key.privateKey, { mode: 0o600 });
  writeFileSync(join(hidden, 'passphrase'), `${birds.passphrase}\n`, { mode: 0o600 });
  mkdirSync(join(cluster, 'recipients'));
  writeFileSync(join(cluster, 'recipients', 'alex.asc'), key.publicKey);
  const recipient = await readRecipient('alex.asc', key.publicKey);
  if ('refusal' in recipient) throw new Error(recipient.refusal);
  mkdirSync(join(cluster, 'host_vars'));
  for (const [name, text] of Object.entries(vaultsOf(birds)))
    writeFileSync(join(cluster, name), await encryptTo([recipient], Buffer.from(text)));
  const inline = (await encryptTo([recipient], Buffer.from(birds.inline))).replaceAll(/^/gm, '    ');
  for (const node of NODES)
    writeFileSync(
      join(cluster, `host_vars/${node}.yaml`),
      `canary:\n  named: { secretRef: app/group }\n  inline: !vault |\n${inline}\n`,
    );
}

function makeRole(): void {
  mkdirSync(join(cluster, 'roles', 'canary'), { recursive: true });
  for (const file of ['role.ts', 'canary.host'])
    cpSync(new URL(`canary/${file}`, import.meta.url), join(cluster, 'roles', 'canary', file));
  edit('cluster.yaml', (settings) => settings.roles.all.push('canary'));
}

/** On n2 picluster is somebody whose sudo wants a password. */
async function giveCarol(): Promise<void> {
  const password = `'${`carol:${birds.becomePassword}`.replaceAll("'", "'\\''")}'`;
  await onNode(
    lab,
    'n2',
    `useradd -m -G sudo -s /bin/bash carol && printf '%s\\n' ${password} | chpasswd
    install -d -o carol -m 700 ~carol/.ssh && install -o carol -m 600 ~admin/.ssh/authorized_keys ~carol/.ssh/`,
  );
  edit('hosts.yaml', ({ hosts }) =>
    Object.assign(hosts.n2, { user: 'carol', become: { method: 'sudo', passwordSecret: 'become.carol' } }),
  );
}

// biome-ignore lint/suspicious/noExplicitAny: files of the lab's own, of any shape
function edit(name: string, change: (data: any) => void): void {
  const data = parse(readFileSync(join(cluster, name), 'utf8')) ?? {};
  change(data);
  writeFileSync(join(cluster, name), stringify(data));
}

/** Runs picluster, keeps what it says. */
async function picluster(command: string, ...args: string[]): Promise<{ exitCode: number; all: string }> {
  const { exitCode, all } = await cli.run(command, args);
  said.push(`$ ${command} ${args.join(' ')}\n${all}`);
  return { exitCode, all };
}

async function vault(args: readonly string[], input = ''): Promise<number | undefined> {
  const [shell, ...words] = [...cli.wrapper, process.execPath, 'bin/picluster.js', 'vault', ...args, '-C', cluster];
  const { exitCode, all } = await execa(shell!, words, { input, all: true, reject: false });
  said.push(`$ vault ${args.join(' ')}\n${all}`);
  return exitCode;
}

/** Files below a directory of this machine that hold one of them. */
async function findings(directory: string, found = patterns): Promise<string[]> {
  const { stdout } = await execa('grep', ['-rlaF', '-f', found, directory], { reject: false });
  return stdout.split('\n').filter(Boolean);
}

test('a plan that is kept, and a whole bootstrap at --verbose', async () => {
  const blank = await picluster('plan', '--verbose', '--out', plan);
  expect(blank.exitCode, blank.all).toBe(0);
  const { stdout } = await execa(process.execPath, ['bin/picluster.js', 'show', plan]);
  expect(stdout).toContain('canary');
  said.push(stdout);
  const { exitCode, all } = await picluster('bootstrap', '--yes', '--verbose', '--kubeconfig', join(watched, 'kubeconfig'));
  expect(exitCode, all).toBe(0);
  expect(all).toContain('***');
});

test('a change, a failure and a crash, with events as JSON; reports of it all', async () => {
  expect(await vault(['set', 'app.password'], birds.newPassword)).toBe(0);
  for (const command of ['list', 'recipients', 'rekey']) expect(await vault([command]), command).toBe(0);
  await vault(['verify']);
  expect((await picluster('apply', '--yes', '--verbose', '--output', 'json')).exitCode).toBe(0);
  edit('group_vars/all.yaml', (vars) => Object.assign(vars, { canary: { fails: true } }));
  for (const output of ['json', 'text']) {
    const { exitCode, all } = await picluster('apply', '--yes', '--verbose', '--output', output);
    expect(exitCode).toBe(70);
    expect(all).toContain('cannot read ***');
    expect(all).not.toContain('canary-app');
  }
  expect((await picluster('exec', '--', 'cat /etc/canary.conf /etc/canary.key; exit 3')).all).toContain('password = ***');
  for (const command of ['inventory', 'facts', 'graph', 'runs', 'report']) {
    for (const args of command === 'graph' ? [['--steps']] : [[], ['--output', 'json']])
      expect((await picluster(command, ...args)).exitCode, command).toBe(0);
  }
  expect((await picluster('report', '--html')).exitCode).toBe(0);
  expect((await picluster('inventory', '--host', 'n2')).exitCode).toBe(0);
  for (const throws of ['at once', 'later']) {
    edit('group_vars/all.yaml', (vars) => Object.assign(vars, { canary: { throws } }));
    const { exitCode, all } = await picluster('plan');
    expect(exitCode).not.toBe(0);
    expect(all).toContain('the password *** is not to my liking');
  }
});

test('no process had a secret among its arguments or in its environment', async () => {
  expect(processes.samples()).toBeGreaterThan(20);
  const known = execa('sleep', ['2'], { env: { CANARY: birds.k3sToken } });
  await known;
  // The watch finds what there is to find, and that alone.
  expect(new Set(await processes.stop())).toEqual(new Set([`/proc/${known.pid}/environ`]));
});

test('no command said a secret', async () => {
  const file = join(watched, 'said');
  writeFileSync(file, said.join('\n'));
  expect(await findings(file)).toEqual([]);
  const lines = said.join('\n').split('\n');
  const all = patternsOf(Object.values(birds)).trimEnd().split('\n');
  expect(lines.filter((line) => all.some((pattern) => line.includes(pattern)))).toEqual([]);
  // The search finds what there is to find.
  writeFileSync(file, Buffer.from(`x${birds.appPassword}`).toString('base64'));
  expect(await findings(file)).toEqual([file]);
});

test('no journal, report, plan, cache or temporary file on this machine holds one', async () => {
  expect(await findings(cli.stateHome)).toEqual([]);
  rmSync(join(watched, 'said'));
  expect(await findings(watched)).toEqual([]);
  const { stdout } = await execa('ls', ['-A', join(watched, 'tmp')]);
  expect(stdout).toBe('');
});

test.each(NODES)('on %s they are where they must be, and nowhere else', async (node) => {
  await onNode(lab, node, `cat >/run/canary-patterns <<'END'\n${readFileSync(patterns, 'utf8')}END`);
  const search = `find / -xdev \\( -path /proc -o -path /sys -o -path /usr -o -path /run/canary-patterns \\) -prune -o -type f -print0
    find /run /tmp /dev/shm /var/lib/rancher -xdev -type f ! -path /run/canary-patterns ! -path '*/containerd/*' -print0`;
  const files = await onNode(lab, node, `{ ${search}; } | sort -zu | xargs -0 grep -laF -f /run/canary-patterns || :`);
  // A database has as many files as it needs.
  const places = new Set(files.split('\n').map((file) => file.replace(/(\/db\/etcd)\/.*/, '$1')));
  expect([...places].sort()).toEqual(PLACES[node]);
  expect(await onNode(lab, node, 'journalctl --no-pager -a -o cat | grep -cF -f /run/canary-patterns || :')).toBe('0');
});
