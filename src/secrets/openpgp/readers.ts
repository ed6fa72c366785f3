import { damaged } from './armor.ts';
import type { Recipient } from './recipients.ts';

/** Ids of the keys that open a message, hexadecimal, upper case; zeros where it hides one. Throws ConfigError when it is damaged. */
export async function readersOf(file: string, armor: string): Promise<string[]> {
  const { readMessage } = await import('openpgp');
  const message = await readMessage({ armoredMessage: armor }).catch((error: Error) => {
    throw damaged(file, 'is damaged', error.message);
  });
  return message.getEncryptionKeyIDs().map((id) => id.toHex().toUpperCase());
}

/** How those who can read a message differ from those who should; undefined when they do not. Pure. */
export function drift(readers: readonly string[], recipients: readonly Recipient[]): string | undefined {
  const idsOf = new Map(
    recipients.map((recipient) => [recipient, recipient.key.getKeyIDs().map((id) => id.toHex().toUpperCase())]),
  );
  const isHidden = readers.some((id) => /^0+$/.test(id));
  const without = recipients.filter((recipient) => !idsOf.get(recipient)?.some((id) => readers.includes(id)));
  const known = new Set([...idsOf.values()].flat());
  const strangers = readers.filter((id) => !known.has(id) && !/^0+$/.test(id));
  const parts = [
    ...(without.length > 0 && !isHidden
      ? [`cannot be read by ${without.map(({ user, file }) => `${user} (${file})`).join(', ')}`]
      : []),
    ...(strangers.length > 0 ? [`can be read with ${strangers.join(', ')}, of nobody in recipients/`] : []),
  ];
  return parts.length > 0 ? `${parts.join('; ')}: picluster vault rekey` : undefined;
}
