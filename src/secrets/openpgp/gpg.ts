import { readlinkSync } from 'node:fs';
import { MAX_PLAIN_BYTES } from './too-big.ts';

/** A person may have to look for a smart card. */
const BOUND_MS = 300_000;

export type GpgAnswer =
  | { readonly kind: 'plain'; readonly plain: Buffer }
  /** No gpg, or none of its keys fits. */
  | { readonly kind: 'no key'; readonly keyIds: readonly string[] }
  /** The key is there and was not unlocked: nobody typed its passphrase, or a wrong one. */
  | { readonly kind: 'locked'; readonly said: string }
  /** The key fits, and what it opened is not what was encrypted. */
  | { readonly kind: 'damaged'; readonly said: string }
  /** It opens, and does not end where secrets do. */
  | { readonly kind: 'too big' };

/** Asks the user's gpg to decrypt; its agent and pinentry ask for passphrases and cards. What it says before the end of the message is believed only at the end. */
export async function gpgDecrypt(armor: string, env: Readonly<Record<string, string>> = {}): Promise<GpgAnswer> {
  // Most runs ask no gpg, and it is 150 modules.
  const { execa } = await import('execa');
  const running = execa('gpg', ['--batch', '--no-tty', '--status-fd', '3', '--decrypt'], {
    input: armor,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    encoding: 'buffer',
    env: { ...terminal(), ...env },
    reject: false,
    timeout: BOUND_MS,
    stripFinalNewline: false,
    // Collected here: execa would put all of it into the message of an error, too.
    buffer: { stdout: false },
  });
  const pieces: Buffer[] = [];
  let length = 0;
  running.stdout.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length <= MAX_PLAIN_BYTES) pieces.push(piece);
    else running.kill('SIGKILL');
  });
  const result = await running;
  if (length > MAX_PLAIN_BYTES) return { kind: 'too big' };
  if (result.code === 'ENOENT') return { kind: 'no key', keyIds: [] };
  const status = Buffer.from((result.stdio[3] as Uint8Array | undefined) ?? []).toString();
  const said = result.timedOut ? `gpg was waited for ${BOUND_MS / 1000} s` : Buffer.from(result.stderr).toString().trim();
  const decision = judge(status, result.exitCode);
  if (decision === 'plain') return { kind: 'plain', plain: Buffer.concat(pieces) };
  if (decision === 'no key') return { kind: 'no key', keyIds: keyIdsOf(status) };
  return { kind: decision, said };
}

/** Reads gpg's status lines (doc/DETAILS of GnuPG). Pure. */
export function judge(status: string, exitCode: number | undefined): Exclude<GpgAnswer['kind'], 'too big'> {
  const words = new Set(status.split('\n').map((line) => line.split(' ')[1] ?? ''));
  // A signature that cannot be checked makes exit status 2, and says nothing about the encryption.
  const isWhole = exitCode === 0 || (words.has('GOODMDC') && words.has('ERRSIG') && !words.has('BADSIG'));
  if (words.has('DECRYPTION_OKAY') && isWhole) return 'plain';
  if (words.has('DECRYPTION_INFO') || words.has('DECRYPTION_KEY') || words.has('DECRYPTION_OKAY')) return 'damaged';
  if (/^\[GNUPG:\] ERROR pkdecrypt_failed /m.test(status)) return 'locked';
  if (words.has('NO_SECKEY')) return 'no key';
  return words.has('ENC_TO') && exitCode === undefined ? 'locked' : 'damaged';
}

const keyIdsOf = (status: string): string[] => [...status.matchAll(/^\[GNUPG:\] ENC_TO (\S+)/gm)].map(([, id = '']) => id);

/** Where a pinentry for terminals may ask. */
export function terminal(): Record<string, string> {
  if (!process.stdin.isTTY || process.env.GPG_TTY) return {};
  try {
    return { GPG_TTY: readlinkSync('/proc/self/fd/0') };
  } catch {
    return {};
  }
}
