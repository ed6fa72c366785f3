import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey } from 'openpgp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PiclusterError } from '#src/errors.ts';
import { parseSecrets } from './file.ts';
import { foreignSecrets } from './foreign.ts';
import { openedBy } from './openpgp/armor.ts';
import { encryptTo } from './openpgp/encrypt.ts';
import { decryptWithKeyFile } from './openpgp/private-key.ts';
import { readRecipient } from './openpgp/recipients.ts';

const YAML = `# of the cluster
k3s: { token: "s:w*o&r!d", agent: 'x' }
git: &git
  identity: |
    -----BEGIN KEY-----
    abc==
  user: flux
other: { <<: *git, n: 12, list: [a, b] }
`;
let directory: string;
let keyFile: string;
let armor: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-fuzz-'));
  keyFile = join(directory, 'key.asc');
  const user = { name: 'Alex', email: 'alex@example.com' };
  const { privateKey, publicKey } = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs: [user] });
  await writeFile(keyFile, privateKey, { mode: 0o600 });
  const recipient = await readRecipient('alex.asc', publicKey);
  if ('refusal' in recipient) throw new Error(recipient.refusal);
  armor = await encryptTo([recipient], Buffer.from(YAML));
});
afterAll(() => rm(directory, { recursive: true }));

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One to four pieces cut out, doubled, overwritten or put in. */
function mutated(text: string, seed: number): string {
  const next = random(seed);
  const upTo = (most: number): number => Math.floor(next() * most);
  let result = text;
  for (let change = upTo(4); change >= 0; change -= 1) {
    const [at, length] = [upTo(result.length + 1), 1 + upTo(next() < 0.2 ? 80 : 4)];
    const piece = result.slice(at, at + length);
    const noise = Array.from({ length }, () => '\n\t\r\0 -:{}[]&*!|>%@"\'=#,?~\u{fffd}é0aZ+/'.at(upTo(37)) ?? '').join('');
    const put = [(): string => '', () => piece + piece, () => noise, () => noise + piece][upTo(4)]?.() ?? '';
    result = result.slice(0, at) + put + result.slice(at + length);
  }
  return result;
}

it('8,000 mutated documents: values or mistakes, never an exception, and no mistake repeats a value', () => {
  for (let seed = 0; seed < 8_000; seed += 1) {
    const text = mutated(YAML, seed);
    const { store, mistakes } = parseSecrets('secrets.yaml.asc', text);
    if (store.paths().length === 0 && mistakes.length === 0) expect(text.replaceAll(/#.*|\s|[{}]/g, '').length).toBeLessThan(60);
    expect(JSON.stringify(mistakes)).not.toContain('s:w*o&r!d');
    try {
      foreignSecrets('vault.yml', text);
    } catch (error) {
      if (!(error instanceof PiclusterError)) throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}, 120_000);

it('2,000 mutated messages: what was encrypted, or a refusal', async () => {
  const passphrase = async () => undefined;
  for (let seed = 0; seed < 2_000; seed += 1) {
    const text = mutated(armor, seed);
    try {
      if (openedBy('x.asc', text) === 'passphrase') continue;
      const plain = await decryptWithKeyFile('x.asc', text, { keyFile, passphrase });
      if (plain) expect(plain.toString()).toBe(YAML);
    } catch (error) {
      if (!(error instanceof PiclusterError)) throw new Error(`seed ${seed}`, { cause: error });
    }
  }
}, 240_000);
