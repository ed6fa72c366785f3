import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { keyType } from './host-key.ts';

/** A host's key that we trust, and since when, as far as it was written down. */
export interface KnownKey {
  key: Buffer;
  since: string | undefined;
}

/** Host keys of one cluster, in OpenSSH's format: `ssh-keygen -lf FILE` reads it, `ssh-keygen -R` removes from it. */
export class KnownHosts {
  readonly path: string;
  #keys: Map<string, KnownKey[]>;

  private constructor(path: string) {
    this.path = path;
    this.#keys = parseKnownHosts(read(path));
  }

  /** A file that does not exist yet is empty. */
  static open(path: string): KnownHosts {
    return new KnownHosts(path);
  }

  keysOf(address: string, port: number): readonly Buffer[] {
    return this.entriesOf(address, port).map(({ key }) => key);
  }

  entriesOf(address: string, port: number): readonly KnownKey[] {
    return this.#keys.get(hostPattern(address, port)) ?? [];
  }

  /** Remembers it, here and in the file: one appended line, so that two runs cannot garble each other's. */
  add(address: string, port: number, key: Buffer, now = new Date()): void {
    const pattern = hostPattern(address, port);
    this.#keys.set(pattern, [...this.entriesOf(address, port), { key, since: now.toISOString() }]);
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    appendFileSync(this.path, line(pattern, key, now), { mode: 0o600 });
  }

  /** From now on this key, and no other, for this address. The file is written aside and renamed; other lines stay as they are. */
  replace(address: string, port: number, key: Buffer, now = new Date()): void {
    const pattern = hostPattern(address, port);
    const others = read(this.path)
      .split('\n')
      .flatMap((text) => without(pattern, text));
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.path}.new`, others.map((text) => `${text}\n`).join('') + line(pattern, key, now), { mode: 0o600 });
    renameSync(`${this.path}.new`, this.path);
    this.#keys = parseKnownHosts(read(this.path));
  }
}

/** OpenSSH takes what follows the key as a comment. */
const line = (pattern: string, key: Buffer, now: Date): string =>
  `${pattern} ${keyType(key)} ${key.toString('base64')} since ${now.toISOString()}\n`;

/** The line without one of its names; nothing when it has no other. */
function without(pattern: string, text: string): string[] {
  const [names = '', ...rest] = text.trim().split(/\s+/);
  if (names === '') return [];
  if (!isPlain(names)) return [text];
  const left = names.split(',').filter((name) => name !== pattern);
  if (left.length === names.split(',').length) return [text];
  return left.length === 0 ? [] : [[left.join(','), ...rest].join(' ')];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** As OpenSSH writes it: `[address]:port` unless the port is 22. */
export const hostPattern = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** Hashed names, wildcards and markers are not what we write. */
const isPlain = (names: string): boolean => !/^[#@|]/.test(names);

/** Plain entries only; the others are passed over. */
export function parseKnownHosts(text: string): Map<string, KnownKey[]> {
  const keys = new Map<string, KnownKey[]>();
  for (const entry of text.split('\n')) {
    const [names = '', , encoded, ...comment] = entry.trim().split(/\s+/);
    if (names === '' || !isPlain(names) || encoded === undefined) continue;
    const since = comment[0] === 'since' ? comment[1] : undefined;
    for (const name of names.split(','))
      keys.set(name, [...(keys.get(name) ?? []), { key: Buffer.from(encoded, 'base64'), since }]);
  }
  return keys;
}
