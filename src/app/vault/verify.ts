import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, type Mistake, PiclusterError } from '#src/errors.ts';
import { parseSecrets, readSecretsFile } from '#src/secrets/file.ts';
import { isArmored, openedBy } from '#src/secrets/openpgp/armor.ts';
import { type Block, messageBlocks } from '#src/secrets/openpgp/blocks.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { drift, readersOf } from '#src/secrets/openpgp/readers.ts';
import { type Recipient, readRecipients } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { knownValues, plainSecretsIn } from '#src/secrets/plain-secrets.ts';
import { PLAIN_FILE } from '#src/secrets/read.ts';
import { Secret } from '#src/secrets/secret.ts';
import { openVault, say, type VaultFlags } from './common.ts';
import { tryGit } from './git.ts';
import { filesBelow } from './tree.ts';

/** Nobody writes larger ones by hand. */
const MAX_SCANNED_BYTES = 2 ** 20;

interface Looked {
  readonly mistakes: Mistake[];
  readonly secrets: Secret[];
  messages: number;
  /** By a passphrase alone: nobody is asked for it. */
  closed: number;
}

/** Checks that everything encrypted can be read, by those who should, and that no secret stands in plain. Throws ConfigError with everything found. */
export async function verifyVault(flags: VaultFlags): Promise<void> {
  const { directory, unlock } = await openVault(flags);
  const looked: Looked = { mistakes: [], secrets: [], messages: 0, closed: 0 };
  const ours = await readable(directory, await filesBelow(directory));
  const messages = [...ours].flatMap(([file, text]) => messageBlocks(file, text).map((block) => ({ file, block })));
  const recipients = messages.length === 0 ? [] : await recipientsOf(directory, looked);
  for (const { file, block } of messages) await lookInto(file, block, recipients, unlock, looked);
  await lookAtPlainFile(directory, looked);
  const known = knownValues(looked.secrets);
  const inGit = await filesForGit(directory);
  const plain = [...ours].filter(([file, text]) => (inGit?.has(file) ?? file !== PLAIN_FILE) && !isArmored(text));
  for (const [file, text] of plain) looked.mistakes.push(...plainSecretsIn(file, text, known));
  if (looked.mistakes.length > 0) throw new ConfigError('the vault is not as it should be', looked.mistakes);
  const closed = looked.closed > 0 ? `, ${looked.closed} by a passphrase were not opened` : '';
  if (messages.length === 0) say('nothing is encrypted here: picluster vault init');
  else say(`${looked.messages} encrypted, all readable by ${recipients.map(({ user }) => user).join(', ')}${closed}`);
  say(`${plain.length} files in plain, no secret in them`);
}

const at = (file: string, message: string, line = 1): Mistake => ({ file, line, column: 1, path: '', message });

async function recipientsOf(directory: string, { mistakes }: Looked): Promise<Recipient[]> {
  return await readRecipients(directory).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    mistakes.push(...(error.mistakes.length > 0 ? error.mistakes : [at('recipients', error.message)]));
    return [];
  });
}

async function lookInto(
  file: string,
  block: Block,
  recipients: readonly Recipient[],
  unlock: Unlock,
  looked: Looked,
): Promise<void> {
  const { armor, line } = block;
  try {
    if (openedBy(file, armor) === 'passphrase') {
      looked.closed += 1;
      return;
    }
    looked.messages += 1;
    const difference = recipients.length > 0 ? drift(await readersOf(file, armor), recipients) : undefined;
    if (difference !== undefined) looked.mistakes.push(at(file, difference, line));
    const plain = (await decrypt(file, armor, unlock)).toString('utf8');
    if (!block.isWhole) looked.secrets.push(new Secret(plain, `after !vault in ${file}:${line}`));
    if (!/(?:^|[/.])secrets\.yaml\.asc$/.test(file)) return;
    const { store, mistakes } = parseSecrets(file, plain);
    looked.secrets.push(...store.all());
    looked.mistakes.push(...mistakes);
  } catch (error) {
    if (!(error instanceof PiclusterError)) throw error;
    looked.mistakes.push(at(file, error.message.replace(`${file} `, ''), line));
  }
}

/** Secrets in clear are allowed in one file, which git must not have. */
async function lookAtPlainFile(directory: string, { mistakes, secrets }: Looked): Promise<void> {
  const read = await readSecretsFile(join(directory, PLAIN_FILE), PLAIN_FILE);
  mistakes.push(...read.mistakes);
  secrets.push(...read.store.all());
  if (!(await stat(join(directory, PLAIN_FILE)).catch(() => undefined))) return;
  const tracked = await tryGit(directory, ['ls-files', '--error-unmatch', '--', PLAIN_FILE]);
  const ignored = await tryGit(directory, ['check-ignore', '--quiet', '--', PLAIN_FILE]);
  if (tracked?.exitCode === 0)
    mistakes.push(at(PLAIN_FILE, 'git has it: git rm --cached, change every secret in it, as its history keeps them'));
  else if (ignored?.exitCode === 1) mistakes.push(at(PLAIN_FILE, 'git does not ignore it: add it to .gitignore'));
}

/** What git has or would take; undefined where there is no repository: then everything counts but the plain file. */
async function filesForGit(directory: string): Promise<ReadonlySet<string> | undefined> {
  const listed = await tryGit(directory, ['ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  return listed?.exitCode === 0 ? new Set(listed.stdout.split('\0').filter((file) => file !== PLAIN_FILE)) : undefined;
}

/** Text by file, of those that are text. */
async function readable(directory: string, files: readonly string[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const file of files) {
    const bytes = await readFile(join(directory, file));
    const isText = !bytes.subarray(0, 8000).includes(0);
    if (isText && (bytes.length <= MAX_SCANNED_BYTES || isArmored(bytes.subarray(0, 200).toString('latin1'))))
      texts.set(file, bytes.toString('utf8'));
  }
  return texts;
}
