import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { keyType } from './host-key.ts';

/** Host keys of one cluster, in OpenSSH's format: `ssh-keygen -lf FILE` reads it, `ssh-keygen -R` removes from it. */
export class KnownHosts {
  readonly path: string;
  readonly #keys: Map<string, Buffer[]>;

  private constructor(path: string, keys: Map<string, Buffer[]>) {
    this.path = path;
    this.#keys = keys;
  }

  /** A file that does not exist yet is empty. */
  static open(path: string): KnownHosts {
    let text = '';
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return new KnownHosts(path, parseKnownHosts(text));
  }

  keysOf(address: string, port: number): readonly Buffer[] {
    return this.#keys.get(hostPattern(address, port)) ?? [];
  }

  /** Remembers it, here and in the file: one appended line, so that two runs cannot garble each other's. */
  add(address: string, port: number, key: Buffer): void {
    const pattern = hostPattern(address, port);
    this.#keys.set(pattern, [...(this.#keys.get(pattern) ?? []), key]);
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    appendFileSync(this.path, `${pattern} ${keyType(key)} ${key.toString('base64')}\n`, { mode: 0o600 });
  }
}

/** As OpenSSH writes it: `[address]:port` unless the port is 22. */
export const hostPattern = (address: string, port: number): string => (port === 22 ? address : `[${address}]:${port}`);

/** Plain entries only: hashed names, wildcards and markers are not what we write, and are passed over. */
export function parseKnownHosts(text: string): Map<string, Buffer[]> {
  const keys = new Map<string, Buffer[]>();
  for (const line of text.split('\n')) {
    const [names = '', , encoded] = line.trim().split(/\s+/);
    if (names === '' || /^[#@|]/.test(names) || encoded === undefined) continue;
    for (const name of names.split(',')) keys.set(name, [...(keys.get(name) ?? []), Buffer.from(encoded, 'base64')]);
  }
  return keys;
}
