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
