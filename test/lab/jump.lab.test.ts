import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { down, Lab, requireState, ssh, up } from '#lab/machines/index.ts';
import { waitFor } from '#lab/machines/wait.ts';
import { Cli } from '../support/cli.ts';
import { onTerminal } from '../support/terminal.ts';

const lab = new Lab({ name: 'jump' });
const PASSWORD = 'correct horse: $HOME `x`';
let directory: string;
let cli: Cli;
let addresses: string[];
let hostKeys: string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-jump-'));
  cli = new Cli(directory);
  await down(lab, { purge: true });
  await up(lab, { nodes: ['n1', 'n2'], artifacts: false });
  const { nodes } = await requireState(lab);
  [addresses, hostKeys] = [nodes.map(({ address }) => address), nodes.map(({ hostKey }) => hostKey)];
  const quoted = `'carol:${PASSWORD.replaceAll("'", "'\\''")}'`;
  for (const node of ['n1', 'n2'])
    await asRoot(
      node,
      `useradd -m -G sudo -s /bin/bash carol && printf '%s\\n' ${quoted} | chpasswd
       install -d -o carol -m 700 ~carol/.ssh && install -o carol -m 600 ~admin/.ssh/authorized_keys ~carol/.ssh/`,
    );
  // From here on n2 lets in whoever comes from n1, and nobody else.
  await asRoot('n2', `echo 'AllowUsers *@${addresses[0]}' >/etc/ssh/sshd_config.d/00-jump.conf && systemctl reload ssh`);
  await waitFor('n2 to refuse us', async () => (await ssh(lab, 'n2', 'true')).exitCode !== 0, { timeout: 30_000 });
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(directory, { recursive: true, force: true });
});

async function asRoot(node: string, line: string): Promise<string> {
  const { exitCode, stdout, stderr } = await ssh(lab, node, line, { user: 'root', timeout: 60_000 });
  expect(`${node} ${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe(`${node} 0 `);
  return stdout.trim();
}

async function inventory(user: string, jump: string): Promise<void> {
  const hosts = addresses.map(
    (address, n) => `  n${n + 1}: { address: ${address}, hostKey: "${hostKeys[n]}"${n === 1 ? `, jump: ${jump}` : ''} }\n`,
  );
  await writeFile(join(directory, 'hosts.yaml'), `hosts:\n${hosts.join('')}`);
  const reach = `ssh: { user: ${user}, become: sudo, identityFile: ${lab.local('key')} }`;
  await writeFile(join(directory, 'cluster.yaml'), `name: jump\nrelease: v1.9\nroles: { all: [os] }\n${reach}\n`);
}

const logins = async (): Promise<number> =>
  Number(await asRoot('n1', 'journalctl -q --no-pager -u ssh | grep -c "Accepted publickey for admin" || :'));

test('a machine that only another one reaches: refused directly, planned and asked through it', async () => {
  await inventory('admin', 'none');
  const direct = await cli.run('exec', ['-l', 'n2', '--', 'hostname']);
  expect([direct.exitCode, direct.stderr]).toEqual([77, expect.stringContaining('n2 does not let admin in')]);
  await inventory('admin', 'n1');
  const before = await logins();
  const through = await cli.run('exec', ['-l', 'n2', '--', 'sh', '-c', 'hostname; id -u']);
  expect([through.exitCode, through.stdout]).toEqual([0, expect.stringMatching(/n2: exit status 0\n {2}n2\n {2}0/)]);
  expect((await logins()) - before).toBe(1);
  expect((await cli.run('facts')).stdout).toMatch(/n1:[\s\S]*n2:\n {2}hostname: n2/);
  const plan = await cli.run('plan', ['--detailed-exitcode', '--no-diff']);
  expect([plan.exitCode, plan.stdout]).toEqual([2, expect.stringMatching(/@n1[\s\S]*@n2/)]);
});

test('the password of sudo is typed once for both, and lies nowhere', async () => {
  await inventory('carol', 'n1');
  const env = { XDG_STATE_HOME: cli.stateHome, PICLUSTER_CLUSTER: directory };
  const typed = await onTerminal('exec -K -- id -u', ['mistyped', PASSWORD], env);
  expect(typed).toMatchObject({ exitCode: 0, unasked: [] });
  expect(typed.all.match(/n[12]: exit status 0\r?\n {2}0/g)).toHaveLength(2);
  for (const node of ['n1', 'n2'])
    expect(await asRootBehind(node, 'journalctl -q --no-pager | grep -c "correct hors[e]" || :')).toBe('0');
  const wrong = await onTerminal('plan -K', ['mistyped', 'again'], env);
  expect(wrong.exitCode).toBe(77);
  for (const node of ['n1', 'n2']) expect(wrong.all).toContain(`sudo on ${node} did not accept the password of carol`);
});

/** n2 is asked through n1 by the same way as a person would go. */
async function asRootBehind(node: string, line: string): Promise<string> {
  if (node === 'n1') return asRoot(node, line);
  await inventory('admin', 'n1');
  const { stdout } = await cli.run('exec', ['-l', node, '--', line]);
  await inventory('carol', 'n1');
  return stdout.trim().split('\n').at(-1)?.trim() ?? '';
}
