import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, UsageError } from '#src/errors.ts';
import { showMistake } from './findings.ts';
import { type LoadOptions, loadCluster } from './load.ts';

const app = z.strictObject({
  where: z.string().default('role'),
  list: z.array(z.string()).default([]),
  nested: z.strictObject({ a: z.int().default(1), b: z.int().default(2), c: z.int().default(3) }).prefault({}),
  users: z.record(z.string(), z.strictObject({ uid: z.int(), shell: z.string().default('/bin/sh') })).default({}),
});
const FILES: Record<string, string> = {
  'cluster.yaml': `
name: home
release: mine
versions: releases.yaml
ssh: { user: operator, identityFile: [~/key, keys/b], become: sudo }
roles: { home: [one], leaf: [two, one], all: [three] }
app: { where: cluster, nested: { b: 20 } }
artifacts: { mirror: 'http://mirror.example.com/x/', cache: cache }
`,
  'releases.yaml': `
releases:
  mine:
    components:
      tool:
        version: v1+2
        artifacts:
          binary: { url: 'https://example.com/{version}/tool-{arch}', sha256: ${'a'.repeat(64)} }
          later: { url: 'https://example.com/later', checksums: 'https://example.com/sums' }
    vars: { app: { where: release, list: [release], nested: { a: 10 } } }
`,
  'hosts.yaml': `
hosts:
  plain: { address: 10.0.0.1 }
  deep: { address: 10.0.0.2, port: 2222, app: { nested: { c: 31 } } }
  last: { address: 10.0.0.3, user: me, become: none }
groups:
  all: { ssh: { connectTimeout: 5 } }
  home: { children: [leaf], vars: { app: { where: home-inline, list: [a, b] } } }
  leaf: { hosts: [deep, last], ssh: { port: 2200 } }
  also: { hosts: [deep] }
`,
  'group_vars/all.yaml': 'app: &app { where: all, users: { anna: { uid: 1 } } }\n',
  'group_vars/home.yaml': 'app: { where: home-file }\n',
  'group_vars/leaf.yaml': 'app: { where: leaf, users: { anna: { shell: /bin/zsh }, bert: { uid: 2 } } }\n',
  'group_vars/also.yaml': 'app: { list: [also] }\n',
  'host_vars/last.yaml': 'app: { where: host-file }\n',
};

let directory: string;
const options = (extra: Partial<LoadOptions> = {}): LoadOptions => ({
  directory,
  cwd: '/',
  env: { USER: 'someone', HOME: '/home/someone' },
  schemas: { app },
  roleNames: ['one', 'two', 'three'],
  ...extra,
});

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-load-'));
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, file), text);
  }
});
afterAll(() => rm(directory, { recursive: true }));

describe('a cluster directory', () => {
  it('variables: role < release < cluster < groups by depth < host in hosts.yaml < host_vars; maps merge, lists replace', async () => {
    const { host } = await loadCluster(options());
    expect(host('plain').vars.app).toEqual({
      where: 'all',
      list: ['release'],
      nested: { a: 10, b: 20, c: 3 },
      users: { anna: { uid: 1, shell: '/bin/sh' } },
    });
    expect(host('deep').vars.app).toEqual({
      where: 'leaf',
      // `also` is no deeper than `home`, but `leaf` is; among equals the name decides: also, home.
      list: ['a', 'b'],
      nested: { a: 10, b: 20, c: 31 },
      users: { anna: { uid: 1, shell: '/bin/zsh' }, bert: { uid: 2, shell: '/bin/sh' } },
    });
    expect(host('last').vars.app).toMatchObject({ where: 'host-file', list: ['a', 'b'] });
  });

  it.each([
    ['plain', 'where', 'group_vars/all.yaml:1'],
    ['plain', 'list', 'release mine (releases.yaml:10)'],
    ['plain', 'nested.b', 'cluster.yaml:7'],
    ['plain', 'nested.c', 'default'],
    ['plain', 'users.anna.shell', 'default'],
    ['deep', 'nested.c', 'hosts.yaml:4'],
    ['deep', 'list', 'hosts.yaml:8'],
    ['deep', 'users.anna.shell', 'group_vars/leaf.yaml:1'],
    ['last', 'where', 'host_vars/last.yaml:1'],
  ])('%s app.%s comes from %s', async (host, path, expected) => {
    const cluster = await loadCluster(options());
    expect(cluster.originOfVar(host, ['app', ...path.split('.')])).toBe(expected);
  });

  it('--set wins everywhere, also over cluster.yaml and ssh', async () => {
    const set = ['app.where=cli', 'app.list=[x, y]', 'network.domain=lan.example.com', 'ssh.port=2022', 'app.nested.a=5'];
    const cluster = await loadCluster(options({ set }));
    expect(cluster.hosts.map(({ vars }) => (vars.app as { where: string; list: string[] }).where)).toEqual(['cli', 'cli', 'cli']);
    expect(cluster.host('last').vars.app).toMatchObject({ list: ['x', 'y'], nested: { a: 5, b: 20 } });
    expect(cluster.network.domain).toBe('lan.example.com');
    expect(cluster.hosts.map(({ target }) => target.port)).toEqual([2022, 2022, 2022]);
    expect(cluster.originOfVar('last', ['app', 'where'])).toBe('--set app.where');
    expect(cluster.digest).not.toBe((await loadCluster(options())).digest);
  });

  it.each(['novalue', '=x', 'a..b=1', 'a={', '__proto__.x=1'])('--set %s is refused', async (argument) => {
    await expect(loadCluster(options({ set: [argument] }))).rejects.toThrow(UsageError);
  });

  it('how long a run waits for hosts', async () => {
    expect((await loadCluster(options())).timeouts).toEqual({ reconnectMs: 90_000, rebootMs: 600_000, drainMs: 300_000 });
    const { timeouts } = await loadCluster(options({ set: ['timeouts.reconnect=1m30s', 'timeouts.reboot=1h'] }));
    expect(timeouts).toEqual({ reconnectMs: 90_000, rebootMs: 3_600_000, drainMs: 300_000 });
    for (const wrong of ['soon', '0s', '', '90']) {
      const loading = loadCluster(options({ set: [`timeouts.drain=${wrong}`] }));
      await expect(loading).rejects.toMatchObject({ mistakes: [expect.objectContaining({ path: 'timeouts.drain' })] });
    }
  });

  it('how hosts are reached', async () => {
    const { hosts, originOfReach } = await loadCluster(options());
    expect(hosts.map(({ target }) => [target.user, target.port, target.become.method, target.connectTimeoutMs])).toEqual([
      ['operator', 22, 'sudo', 5000],
      ['operator', 2222, 'sudo', 5000],
      ['me', 2200, 'none', 5000],
    ]);
    expect(hosts[0]?.target.identityFiles[1]).toBe(join(directory, 'keys/b'));
    expect(originOfReach('last', 'port')).toBe('hosts.yaml:9');
    expect(originOfReach('plain', 'port')).toBe('default');
  });

  it('who logs in when the inventory does not say: ssh_config, else the operator', async () => {
    const users = async (extra: Partial<LoadOptions>) =>
      (await loadCluster(options(extra))).hosts.map(({ target }) => target.user);
    await writeFile(join(directory, 'cluster.yaml'), FILES['cluster.yaml']!.replace('user: operator, ', ''));
    const defaultUser = (address: string): string | undefined => (address === '10.0.0.1' ? 'configured' : undefined);
    const seen = [await users({}), await users({ defaultUser })];
    await writeFile(join(directory, 'cluster.yaml'), FILES['cluster.yaml']!);
    expect(seen).toEqual([
      ['someone', 'someone', 'me'],
      ['configured', 'someone', 'me'],
    ]);
  });

  it('groups and roles, in the order of cluster.yaml', async () => {
    const { hosts, hostsWithRole, groups } = await loadCluster(options());
    expect(hosts.map(({ name, groups, roles }) => `${name}: ${groups.join(' ')}: ${roles.join(' ')}`)).toEqual([
      'plain: all: three',
      'deep: all also home leaf: one two three',
      'last: all home leaf: one two three',
    ]);
    expect(hostsWithRole('two').map(({ name }) => name)).toEqual(['deep', 'last']);
    expect(groups.find(({ name }) => name === 'home')).toEqual({
      name: 'home',
      children: ['leaf'],
      hosts: ['deep', 'last'],
      roles: ['one'],
    });
  });

  it('artifacts: mirrors first, versions encoded, unknown ones explained', async () => {
    const cluster = await loadCluster(options());
    expect(cluster.version('tool')).toBe('v1+2');
    expect(cluster.artifact('tool', 'binary', 'arm64')).toEqual({
      urls: ['http://mirror.example.com/x/example.com/v1%2B2/tool-arm64', 'https://example.com/v1%2B2/tool-arm64'],
      sha256: 'a'.repeat(64),
      name: 'tool-arm64',
    });
    expect(() => cluster.artifact('tool', 'later', 'amd64')).toThrow('the checksum of https://example.com/later is not known');
    expect(() => cluster.artifact('tool', 'image', 'amd64')).toThrow(
      'no artifact "image" of tool for amd64 (known: binary, later)',
    );
    expect(() => cluster.version('k3s')).toThrow('release mine has no component "k3s" (known: tool)');
    expect(cluster.cacheDir).toBe(join(directory, 'cache'));
    const elsewhere = await loadCluster(options({ set: ['artifacts.cache=/srv/cache'] }));
    expect(elsewhere.cacheDir).toBe('/srv/cache');
  });

  it('is found upwards, by $PICLUSTER_CLUSTER, by name; else the error says what to do', async () => {
    const inside = join(directory, 'group_vars');
    const found = async (extra: Partial<LoadOptions>) =>
      (await loadCluster(options({ directory: undefined, ...extra }))).directory;
    expect(await found({ cwd: inside })).toBe(directory);
    expect(await found({ env: { PICLUSTER_CLUSTER: directory } })).toBe(directory);
    expect(await found({ cwd: inside, directory: '..' })).toBe(directory);
    await expect(found({ cwd: '/' })).rejects.toMatchObject({ exitCode: 64, hint: expect.stringContaining('-C') });
    await expect(found({ directory: inside })).rejects.toThrow('which has no cluster.yaml');
    await expect(found({ directory: '/nowhere' })).rejects.toThrow('which is not a directory');
  });

  it('hosts cannot be changed by who reads them', async () => {
    const { hosts } = await loadCluster(options());
    expect(() => Object.assign(hosts[0]!.vars.app as object, { where: 'x' })).toThrow(TypeError);
  });

  it('odd things are warnings', async () => {
    const cluster = await loadCluster(options({ set: ['roles.all=[]'] }));
    expect(cluster.warnings.map(showMistake)).toEqual([
      'hosts.yaml:3:3: hosts.plain: plays no role: cluster.yaml gives none to its groups',
    ]);
  });

  it('a value that another layer hides is checked nevertheless, and missing parts may come from another layer', async () => {
    const bad = join(directory, 'group_vars/also.yaml');
    await writeFile(bad, 'app: { where: 5, users: { carl: { shell: /bin/zsh } } }\n');
    const error = await loadCluster(options()).catch((thrown: unknown) => thrown);
    await writeFile(bad, FILES['group_vars/also.yaml']!);
    expect((error as ConfigError).mistakes.map(showMistake)).toEqual([
      'group_vars/also.yaml:1:15: app.where: must be text, not the number 5; put it in quotes: "5"',
      'group_vars/also.yaml:1:27: app.users.carl.uid: is missing (a number)',
    ]);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).exitCode).toBe(65);
  });
});
