import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '#src/errors.ts';
import { mergeKubeconfig, rewriteKubeconfig } from './kubeconfig.ts';
import { isUpToDate, planKubeconfig, userKubeconfigPath, writeKubeconfig } from './kubeconfig-file.ts';

const K3S = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://127.0.0.1:6443
  name: default
contexts:
- context: {cluster: default, user: default}
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
`;
const own = rewriteKubeconfig(K3S, { name: 'home', server: { host: 'api.example.com', port: 6443 } });
const OTHER = `# mine
apiVersion: v1
kind: Config
clusters:
  - name: work # the office
    cluster: {server: "https://work.example.com"}
  - name: home
    cluster: {server: "https://old.example.com"}
users:
  - name: me
    user: {token: t}
contexts:
  - name: work
    context: {cluster: work, user: me}
current-context: work
extensions: []
`;
const keep = { setCurrent: false };

describe('rewriting', () => {
  test("the cluster's name and address", () => {
    expect(parse(own)).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'home', cluster: { 'certificate-authority-data': 'Q0E=', server: 'https://api.example.com:6443' } }],
      users: [{ name: 'home', user: { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ' } }],
      contexts: [{ name: 'home', context: { cluster: 'home', user: 'home' } }],
      'current-context': 'home',
    });
  });

  test('an IPv6 address', () => {
    expect(rewriteKubeconfig(K3S, { name: 'home', server: { host: 'fd00::1', port: 6443 } })).toContain('https://[fd00::1]:6443');
  });

  test('what is no kubeconfig', () => {
    expect(() => rewriteKubeconfig('{}', { name: 'home', server: { host: 'a', port: 1 } })).toThrow(ConfigError);
  });
});

describe('merging', () => {
  test('into nothing', () => {
    expect(mergeKubeconfig('', own, keep)).toBe(own);
  });

  test('beside others: they, their comments and their current context stay; our old entry is replaced', () => {
    const merged = mergeKubeconfig(OTHER, own, keep);
    expect(merged).toContain('# mine');
    expect(merged).toContain('# the office');
    expect(merged).not.toContain('old.example.com');
    const { clusters, users, contexts, 'current-context': current, extensions } = parse(merged);
    expect(clusters.map(({ name }: { name: string }) => name)).toEqual(['work', 'home']);
    expect(users.map(({ name }: { name: string }) => name)).toEqual(['me', 'home']);
    expect(contexts.map(({ name }: { name: string }) => name)).toEqual(['work', 'home']);
    expect({ current, extensions }).toEqual({ current: 'work', extensions: [] });
  });

  test('again changes not a byte', () => {
    const merged = mergeKubeconfig(OTHER, own, keep);
    expect(mergeKubeconfig(merged, own, keep)).toBe(merged);
    expect(mergeKubeconfig(own, own, keep)).toBe(own);
  });

  test.each([
    ['none is there', 'apiVersion: v1\nkind: Config\n', keep, 'home'],
    ['it is empty', 'apiVersion: v1\ncurrent-context: ""\n', keep, 'home'],
    ['asked for', OTHER, { setCurrent: true }, 'home'],
    ['another is there', OTHER, keep, 'work'],
  ])('the current context: %s', (_, existing, options, expected) => {
    expect(parse(mergeKubeconfig(existing, own, options))['current-context']).toBe(expected);
  });

  test('lists written as null', () => {
    const merged = parse(mergeKubeconfig('clusters: null\nusers: []\n', own, keep));
    expect([merged.clusters.length, merged.users.length, merged.contexts.length]).toEqual([1, 1, 1]);
  });

  test.each(['a: [', '- 1'])('%j is refused', (existing) => {
    expect(() => mergeKubeconfig(existing, own, keep)).toThrow(ConfigError);
  });
});

describe('the file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'picluster-kubeconfig-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  test('is made with its directory, for its owner only, and nothing is left beside it', async () => {
    const path = join(directory, 'kube', 'config');
    await writeKubeconfig(await planKubeconfig(path, own, keep));
    expect(readFileSync(path, 'utf8')).toBe(own);
    expect([modeOf(path), modeOf(join(directory, 'kube'))]).toEqual([0o600, 0o700]);
    expect(readdirSync(join(directory, 'kube'))).toEqual(['config']);
  });

  test('is not touched when nothing differs; an open mode is closed without a write', async () => {
    const path = join(directory, 'config');
    writeFileSync(path, own, { mode: 0o600 });
    utimesSync(path, 1000, 1000);
    expect(isUpToDate(await planKubeconfig(path, own, keep))).toBe(true);
    chmodSync(path, 0o644);
    const open = await planKubeconfig(path, own, keep);
    expect(isUpToDate(open)).toBe(false);
    await writeKubeconfig(open);
    expect([modeOf(path), statSync(path).mtimeMs]).toEqual([0o600, 1_000_000]);
  });

  test('may be a symbolic link, and stays one', async () => {
    const target = join(directory, 'real');
    const path = join(directory, 'config');
    writeFileSync(target, OTHER, { mode: 0o600 });
    symlinkSync(target, path);
    await writeKubeconfig(await planKubeconfig(path, own, keep));
    expect(readFileSync(target, 'utf8')).toContain('api.example.com');
    expect(readdirSync(directory).sort()).toEqual(['config', 'real']);
  });

  test.each([
    [{ HOME: '/home/u' }, '/home/u/.kube/config'],
    [{ HOME: '/home/u', KUBECONFIG: '/a:/b' }, '/a'],
    [{ HOME: '/home/u', KUBECONFIG: ':/b' }, '/b'],
  ])('of %j is %s', (environment, path) => {
    expect(userKubeconfigPath(environment)).toBe(path);
  });
});
