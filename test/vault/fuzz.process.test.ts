import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey } from 'openpgp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PiclusterError } from '#src/errors.ts';
import { decryptAnsibleVault } from '#src/secrets/ansible-vault.ts';
import { withSecret } from '#src/secrets/edit-yaml.ts';
import { parseSecrets } from '#src/secrets/file.ts';
import { foreignSecrets } from '#src/secrets/foreign.ts';
import { openedBy } from '#src/secrets/openpgp/armor.ts';
import { messageBlocks } from '#src/secrets/openpgp/blocks.ts';
import { encryptSymmetric, encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import { decryptSymmetric, decryptWithKeyFile } from '#src/secrets/openpgp/private-key.ts';
import { readRecipient } from '#src/secrets/openpgp/recipients.ts';
import { VaultFile } from '#src/secrets/vault-file.ts';
import { mutatedPackets, mutatedText } from './mutate.ts';

/** Vault files as nobody wrote them. `make fuzz` takes more of them: FUZZ times as many, from SEED on. */
const TIMES = Number(process.env.FUZZ ?? 1);
const FIRST = Number(process.env.SEED ?? 0);
const BOUND_MS = 240_000 * TIMES;
/** No single input may take that long. */
const HANGS_MS = 10_000;
const CANARY = 's:w*o&r!d';
const YAML = `# of the cluster
k3s: { token: "${CANARY}", agent: 'x' }
git: &git
  identity: |
    -----BEGIN KEY-----
    abc==
  user: flux
other: { <<: *git, n: 12, list: [a, b] }
`;
const PASSPHRASE = 'a long passphrase';
const ANSIBLE = readFileSync(new URL('../../src/secrets/testing/ansible-vault/v1.2.yml', import.meta.url), 'utf8');

let directory: string;
let keyFile: string;
let publicKey: string;
let toKey: string;
let toPassphrase: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-fuzz-'));
  keyFile = join(directory, 'key.asc');
  const userIDs = [{ name: 'Alex', email: 'alex@example.com' }];
  const made = await generateKey({ type: 'ecc', curve: 'curve25519Legacy', userIDs });
  publicKey = made.publicKey;
  await writeFile(keyFile, made.privateKey, { mode: 0o600 });
  const recipient = await readRecipient('alex.asc', publicKey);
  if ('refusal' in recipient) throw new Error(recipient.refusal);
  toKey = await encryptTo([recipient], Buffer.from(YAML));
  toPassphrase = await encryptSymmetric(PASSPHRASE, Buffer.from(YAML));
});
afterAll(() => rm(directory, { recursive: true }));

const byKey = () => ({ keyFile, passphrase: async () => PASSPHRASE });

/** Every seed ends in good time, with an answer or one of our errors, which does not tell what was encrypted. */
async function fuzz(count: number, attempt: (seed: number) => unknown): Promise<void> {
  for (let seed = FIRST; seed < FIRST + count * TIMES; seed += 1) {
    const startedAt = performance.now();
    try {
      await attempt(seed);
    } catch (error) {
      if (!(error instanceof PiclusterError)) throw new Error(`seed ${seed}`, { cause: error });
      const { message, output, hint } = error;
      if (JSON.stringify([message, output, hint]).includes(CANARY)) throw new Error(`seed ${seed} tells what was encrypted`);
    }
    const tookMs = performance.now() - startedAt;
    if (tookMs > HANGS_MS) throw new Error(`seed ${seed} took ${Math.round(tookMs)} ms`);
  }
}

/** What was opened is what was encrypted, or nothing was. */
const expectWhole = (plain: Buffer | undefined): void => {
  if (plain !== undefined) expect(plain.toString()).toBe(YAML);
};

it(
  '8,000 documents: values or mistakes, never an exception, and no mistake repeats a value',
  async () => {
    await fuzz(8_000, (seed) => {
      const text = mutatedText(YAML, seed);
      const { store, mistakes } = parseSecrets('secrets.yaml.asc', text);
      if (store.paths().length === 0 && mistakes.length === 0)
        expect(text.replaceAll(/#.*|\s|[{}]/g, '').length).toBeLessThan(60);
      expect(JSON.stringify(mistakes)).not.toContain(CANARY);
      foreignSecrets('vault.yml', text);
    });
  },
  BOUND_MS,
);

it(
  '1,000 documents in which a value is set: it is there, or a refusal',
  async () => {
    await fuzz(1_000, (seed) => {
      const text = mutatedText(YAML, seed);
      if (parseSecrets('x', text).mistakes.length > 0) return;
      const after = withSecret('x', text, 'k3s.token', 'new');
      expect(parseSecrets('x', after).store.get('k3s.token')?.reveal()).toBe('new');
    });
  },
  BOUND_MS,
);

it(
  '2,000 messages with damaged armour',
  async () => {
    await fuzz(2_000, async (seed) => {
      const text = mutatedText(toKey, seed);
      if (openedBy('x.asc', text) === 'key') expectWhole(await decryptWithKeyFile('x.asc', text, byKey()));
    });
  },
  BOUND_MS,
);

it(
  '2,000 messages with damaged packets',
  async () => {
    await fuzz(2_000, async (seed) => expectWhole(await decryptWithKeyFile('x.asc', await mutatedPackets(toKey, seed), byKey())));
  },
  BOUND_MS,
);

it(
  '100 messages with damaged packets that a passphrase opens',
  async () => {
    await fuzz(100, async (seed) =>
      expectWhole(await decryptSymmetric('x.asc', await mutatedPackets(toPassphrase, seed), byKey())),
    );
  },
  BOUND_MS,
);

it(
  '500 public keys, 500 files of ansible-vault, 2,000 files with a message as a value',
  async () => {
    await fuzz(500, (seed) => readRecipient('alex.asc', mutatedText(publicKey, seed)));
    await fuzz(500, (seed) => decryptAnsibleVault('vault.yml', mutatedText(ANSIBLE, seed), PASSPHRASE));
    const file = `a: 1\npassword: !vault |\n${toKey.replaceAll(/^/gm, '    ')}\nb: 2\n`;
    await fuzz(2_000, (seed) => messageBlocks('all.yaml', mutatedText(file, seed)));
  },
  BOUND_MS,
);

it(
  '250 damaged vaults that somebody wants to change: the file is as it was, or whole and new, and alone',
  async () => {
    const cluster = await mkdtemp(join(directory, 'cluster-'));
    const path = join(cluster, 'secrets.yaml.asc');
    const env = { PATH: '/nonexistent' };
    await fuzz(250, async (seed) => {
      const damaged = seed % 2 === 0 ? mutatedText(toKey, seed) : await mutatedPackets(toKey, seed);
      await writeFile(path, damaged);
      const vault = new VaultFile(cluster, { ...byKey(), env });
      const recipient = await readRecipient('alex.asc', publicKey);
      if ('refusal' in recipient) throw new Error(recipient.refusal);
      const change = async () => await vault.write(withSecret('x', await vault.read(), 'a', 'b'), [recipient]);
      const isChanged = await change().then(
        () => true,
        (error: unknown) => {
          if (error instanceof PiclusterError) return false;
          throw error;
        },
      );
      expect(await readdir(cluster)).toEqual(['secrets.yaml.asc']);
      if (isChanged) expect(await vault.read()).toBe(`${YAML}a: b\n`);
      else expect(await readFile(path, 'utf8')).toBe(damaged);
    });
  },
  BOUND_MS,
);
