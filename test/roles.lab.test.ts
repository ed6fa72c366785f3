import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { down, Lab, ssh, up } from '#lab/machines/index.ts';
import { newRoleFiles } from '#src/user-roles/new.ts';
import { Cli } from './support/cli.ts';
import { writePlainCluster } from './support/plain-cluster.ts';

/** What an operator adds to a cluster directory, on a real machine: a role, another template, hooks. */
const lab = new Lab({ name: 'roles' });
let cli: Cli;

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, { nodes: ['r1'], artifacts: false });
  const role = Object.entries(newRoleFiles('my-app')).map(([path, text]) => [`roles/my-app/${path}`, text]);
  const directory = await writePlainCluster(lab, {
    roles: ['time', 'my-app'],
    settings: {
      myApp: { greeting: 'good morning' },
      time: { localStratum: 9 },
      hooks: [
        { before: 'apply', run: 'cat > before.json' },
        { before: 'my-app', on: 'host', run: 'cat > /root/hook.json; test ! -e /root/frozen' },
        { after: 'apply', run: 'cat > after.json' },
      ],
    },
    files: { ...Object.fromEntries(role), 'templates/time/chrony.conf.hbs': '# ours\nlocal stratum {{localStratum}}\n' },
  });
  cli = new Cli(directory);
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(cli.cluster, { recursive: true, force: true });
});

const inNode = async (line: string): Promise<string> => (await ssh(lab, 'r1', line, { user: 'root' })).stdout.trim();

test('a hook that says no stops the role before its first change, and is told with what it said', async () => {
  await inNode('touch /root/frozen');
  const { exitCode, all } = await cli.run('apply', ['--yes']);
  expect(all).toMatch(/hook before my-app on r1: cat > \/root\/hook\.json/);
  expect(all).toMatch(/the hook before my-app ended with exit status 1/);
  expect(exitCode).toBe(70);
  expect(await inNode('ls -d /etc/my-app /etc/chrony/chrony.conf 2>/dev/null')).toBe('/etc/chrony/chrony.conf');
  expect(JSON.parse(await inNode('cat /root/hook.json'))).toMatchObject({
    v: 1,
    hook: 'before my-app',
    host: 'r1',
    role: 'my-app',
  });
});

test('the role is applied with its variables, and the template of the directory is rendered', async () => {
  await inNode('rm /root/frozen');
  const { exitCode, all } = await cli.run('apply', ['--yes']);
  expect(exitCode, all).toBe(0);
  const result = JSON.parse(await readFile(`${cli.cluster}/after.json`, 'utf8'));
  expect(result).toMatchObject({ hook: 'after apply', command: 'apply', result: { exitCode: 0, failed: 0 } });
  expect(await inNode('cat /etc/my-app/my-app.conf')).toBe('# Written by picluster.\ngood morning from r1');
  expect(await inNode('cat /etc/chrony/chrony.conf')).toBe('# ours\nlocal stratum 9');
});

test('a second run changes nothing and runs no hook', async () => {
  await inNode('rm /root/hook.json');
  const { exitCode, all } = await cli.run('apply', ['--yes', '--detailed-exitcode']);
  expect(exitCode, all).toBe(0);
  expect(await inNode('ls /root/hook.json 2>/dev/null')).toBe('');
});
