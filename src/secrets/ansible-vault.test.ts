import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ConfigError, PermissionError } from '#src/errors.ts';
import { decryptAnsibleVault } from './ansible-vault.ts';

const PASSPHRASE = 'a long passphrase';
/** Made by the command `ansible-vault encrypt` (ansible-core 2.x) with that passphrase. */
const fixture = (name: string): string => readFileSync(new URL(`testing/ansible-vault/${name}`, import.meta.url), 'utf8');
const V1_1 = fixture('v1.1.yml');

it.each(['v1.1.yml', 'v1.2.yml'])('%s', (name) => {
  const text = decryptAnsibleVault(name, fixture(name), PASSPHRASE);
  expect(text).toMatch(/^k3s:\n {2}token: swordfish # of the cluster\n.*tschüß 🔑.*\nempty: ""\n$/s);
});

it('a text of exactly one block, and lines that end as on Windows', () => {
  expect(decryptAnsibleVault('x', fixture('block.yml'), PASSPHRASE)).toBe('0123456789abcdef');
  expect(decryptAnsibleVault('x', fixture('block.yml').replaceAll('\n', '\r\n'), PASSPHRASE)).toBe('0123456789abcdef');
});

it('a wrong passphrase, and one changed digit at any place, open nothing', () => {
  expect(() => decryptAnsibleVault('x', V1_1, 'wrong')).toThrow(PermissionError);
  const lines = V1_1.split('\n');
  for (const [number, line] of lines.entries()) {
    if (number === 0 || line === '') continue;
    const changed = lines.with(number, `${line.at(0) === '3' ? '6' : '3'}${line.slice(1)}`).join('\n');
    if (changed === V1_1) continue;
    expect(() => decryptAnsibleVault('x', changed, PASSPHRASE)).toThrow(/passphrase does not open x|is not whole/);
  }
});

it.each([
  ['nothing', ''],
  ['plain YAML', 'k3s: { token: swordfish }\n'],
  ['another cipher', V1_1.replace('AES256', 'AES')],
  ['another version', V1_1.replace('1.1', '1.0')],
  ['the header alone', V1_1.split('\n')[0] ?? ''],
  ['a part', V1_1.split('\n').slice(0, 2).join('\n')],
  ['no hexadecimal', `${V1_1}zz`],
])('refused: %s', (_name, text) => {
  expect(() => decryptAnsibleVault('vault.yml', text, PASSPHRASE)).toThrow(ConfigError);
});
