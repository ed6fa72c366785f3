import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encryptSymmetric } from './openpgp/encrypt.ts';
import { readSecrets } from './read.ts';

const PASSPHRASE = 'a long passphrase';
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-read-secrets-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function write(vault: string | undefined, plain: string | undefined): Promise<void> {
  if (vault !== undefined)
    await writeFile(join(directory, 'secrets.yaml.asc'), await encryptSymmetric(PASSPHRASE, Buffer.from(vault)));
  if (plain === undefined) return;
  await writeFile(join(directory, 'secrets.yaml'), plain);
  await chmod(join(directory, 'secrets.yaml'), 0o600);
}

async function read() {
  let asked = 0;
  const passphrase = async () => {
    asked += 1;
    return PASSPHRASE;
  };
  const { store, mistakes } = await readSecrets(directory, { passphrase });
  return {
    name: store.name,
    values: Object.fromEntries(store.all().map((secret) => [secret.label, secret.reveal()])),
    mistakes: mistakes.map(({ file, path, message }) => `${file} ${path}: ${message}`),
    asked,
  };
}

it.each([
  ['neither', undefined, undefined, 'secrets.yaml', {}, 0],
  ['the plain file', undefined, 'a: swordfish', 'secrets.yaml', { a: 'swordfish' }, 0],
  ['the vault', 'a: { b: swordfish }', undefined, 'secrets.yaml.asc', { 'a.b': 'swordfish' }, 1],
  ['both, disjoint', 'a: { b: one }', 'a: { c: two }', 'secrets.yaml.asc', { 'a.b': 'one', 'a.c': 'two' }, 1],
])('%s', async (_name, vault, plain, name, values, asked) => {
  await write(vault, plain);
  expect(await read()).toEqual({ name, values, mistakes: [], asked });
});

it('a path in both is a mistake', async () => {
  await write('a: { b: one, c: three }', 'a: { b: two }');
  expect((await read()).mistakes).toEqual(['secrets.yaml a.b: stands in secrets.yaml.asc, too: keep one of them']);
});

it('what rotated secrets were has no path, beside a plain file, too', async () => {
  await write('a: new\n_rotations: { a: { since: x, old: { a: swordfish } } }', 'b: two');
  const { store } = await readSecrets(directory, { passphrase: async () => PASSPHRASE });
  expect(store.paths()).toEqual(['a', 'b']);
  expect(
    store
      .all()
      .map((secret) => secret.reveal())
      .toSorted(),
  ).toEqual(['new', 'swordfish', 'two']);
});

it('what is wrong in a vault is told without a value', async () => {
  await write('a: [swordfish]\nb: "swordfish\n', undefined);
  const { mistakes } = await read();
  expect(mistakes.length).toBeGreaterThan(0);
  expect(mistakes.join()).not.toMatch(/swordfish/);
});

it('a closed vault asks nobody; its secrets can be passed on, not revealed; plain ones can', async () => {
  await write('a: swordfish', 'b: plain');
  const { store, mistakes } = await readSecrets(directory, undefined);
  expect([store.isSealed, mistakes, store.paths(), store.get('b')?.reveal()]).toEqual([true, [], ['b'], 'plain']);
  const sealed = store.get('a')!;
  expect(String(sealed)).toBe('***');
  expect(() => sealed.reveal()).toThrow('the secret a was not decrypted');
  expect(() => sealed.digest()).toThrow('the secret a was not decrypted');
});

it('500 secrets are read', async () => {
  const lines = Array.from({ length: 500 }, (_, n) => `service${n}: { password: value-number-${n} }`);
  await write(lines.join('\n'), undefined);
  expect(Object.keys((await read()).values)).toHaveLength(500);
});
