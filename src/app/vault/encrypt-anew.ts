import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LockedError } from '#src/errors.ts';
import { openedBy } from '#src/secrets/openpgp/armor.ts';
import { type Block, messageBlocks, withBlocks } from '#src/secrets/openpgp/blocks.ts';
import { decrypt } from '#src/secrets/openpgp/decrypt.ts';
import { encryptTo } from '#src/secrets/openpgp/encrypt.ts';
import type { Recipient } from '#src/secrets/openpgp/recipients.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { writeAllAside } from '#src/secrets/write-aside.ts';
import { filesBelow } from './tree.ts';

/** Nobody commits larger ones. */
const MAX_BYTES = 256 * 2 ** 20;

export interface MessageFile {
  /** Relative to the cluster directory. */
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Every file of a cluster directory that is, or holds in its YAML, messages encrypted to keys. What a passphrase opens is not among them. */
export async function messageFiles(directory: string): Promise<MessageFile[]> {
  const found: MessageFile[] = [];
  for (const file of await filesBelow(directory)) {
    if ((await stat(join(directory, file))).size > MAX_BYTES) continue;
    const text = await readFile(join(directory, file), 'utf8');
    const blocks = messageBlocks(file, text).filter(({ armor }) => openedBy(file, armor) === 'key');
    if (blocks.length > 0) found.push({ file, text, blocks });
  }
  return found;
}

/** Encrypts all of them to these recipients: each is decrypted and encrypted in memory before the first is replaced. Resolves with their names. */
export async function encryptAnew(directory: string, unlock: Unlock, recipients: readonly Recipient[]): Promise<string[]> {
  const before = await messageFiles(directory);
  const after = new Map<string, string>();
  for (const { file, text, blocks } of before) {
    const armors: string[] = [];
    for (const { armor, line } of blocks) {
      const place = line === 1 ? file : `${file}:${line}`;
      armors.push(await encryptTo(recipients, await decrypt(place, armor, unlock)));
    }
    after.set(file, withBlocks(text, blocks, armors));
  }
  for (const { file, text } of before)
    if ((await readFile(join(directory, file), 'utf8')) !== text)
      throw new LockedError(`${file} was changed by somebody else in the meantime; nothing was written`, { hint: 'do it again' });
  await writeAllAside([...after].map(([file, content]) => ({ path: join(directory, file), content })));
  return [...after.keys()];
}
