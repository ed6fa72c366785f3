import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { exported } from './export.ts';

const SECRETS = new Map([
  ['k3s.token', `it's "$HOME" \\ \`x\``],
  ['git.ssh.key', 'line 1\nline 2\n'],
  ['3rd-party', '0123'],
  ['__proto__.x', 'y'],
]);
const TREE = JSON.parse(
  JSON.stringify({ k3s: { token: SECRETS.get('k3s.token') }, git: { ssh: { key: 'line 1\nline 2\n' } }, '3rd-party': '0123' }),
);

it.each(['yaml', 'json'] as const)('%s', (format) => {
  const text = exported(SECRETS, format);
  const read = format === 'json' ? JSON.parse(text) : parse(text);
  expect(read).toMatchObject(TREE);
  expect(Object.hasOwn(read, '__proto__')).toBe(true);
});

it('kv: path, key, value', () => {
  expect(JSON.parse(exported(SECRETS, 'kv'))).toMatchObject({
    k3s: { token: SECRETS.get('k3s.token') },
    'git/ssh': { key: 'line 1\nline 2\n' },
    '3rd-party': { value: '0123' },
  });
});

it('kv: those that have a place stand there, with what belongs to them', () => {
  const places = new Map([
    ['minio.loki', { path: 'minio/users', key: 'key', constants: { user: 'loki' } }],
    ['dns.id', { path: 'dns', key: 'prefix', constants: {} }],
    ['dns.secret', { path: 'dns', key: 'secret', constants: {} }],
  ]);
  const secrets = new Map([
    ['minio.loki', 'a'],
    ['dns.id', 'b'],
    ['dns.secret', 'c'],
    ['dns.other', 'd'],
  ]);
  expect(JSON.parse(exported(secrets, 'kv', places))).toEqual({
    'minio/users': { user: 'loki', key: 'a' },
    dns: { prefix: 'b', secret: 'c', other: 'd' },
  });
  expect(() => exported(new Map([...secrets, ['dns.prefix', 'e']]), 'kv', places)).toThrow('would both be prefix at dns');
});

it('env is what a shell reads', () => {
  const shown = execFileSync('sh', ['-c', `${exported(SECRETS, 'env')}\nprintf '%s|' "$K3S_TOKEN" "$GIT_SSH_KEY" "$_3RD_PARTY"`]);
  expect(shown.toString()).toBe(`${SECRETS.get('k3s.token')}|line 1\nline 2\n|0123|`);
});

it('two secrets of one name are refused', () => {
  const two = new Map([
    ['a.b', 'x'],
    ['a_b', 'y'],
  ]);
  expect(() => exported(two, 'env')).toThrow('a.b and a_b would both be A_B');
});
