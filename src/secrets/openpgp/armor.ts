import { ConfigError } from '#src/errors.ts';

const BEGIN = '-----BEGIN PGP MESSAGE-----';
const END = '-----END PGP MESSAGE-----';
/** Symmetric-Key Encrypted Session Key, RFC 9580 section 5. */
const SKESK = 3;

export const isArmored = (text: string): boolean => text.trimStart().startsWith(BEGIN);

/** What an armoured message is opened with, seen from its first packet. Throws ConfigError when it is not whole. */
export function openedBy(file: string, armor: string): 'key' | 'passphrase' {
  if (!isArmored(armor)) throw damaged(file, 'is not an ASCII-armoured OpenPGP message');
  if (!armor.includes(END)) throw damaged(file, 'ends too early: the last line of the armour is missing');
  const [, body = ''] = /\r?\n[ \t]*\r?\n([\s\S]*)$/.exec(armor) ?? [];
  const [first = 0] = Buffer.from(body.trimStart().slice(0, 4), 'base64');
  const tag = (first & 0x40) !== 0 ? first & 0x3f : (first >> 2) & 0x0f;
  return tag === SKESK ? 'passphrase' : 'key';
}

export const damaged = (file: string, why: string, output?: string): ConfigError =>
  new ConfigError(`${file} ${why}`, [], {
    hint: 'take the last good one: git log, git checkout',
    ...(output !== undefined && { output }),
  });
