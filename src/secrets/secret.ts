import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

const MASK = '***';

/** A value that prints as `***`, refuses JSON, and is handed out only by `reveal()`: at the edge where it leaves for a machine. */
export class Secret {
  readonly #value: string;
  /** Where it came from, for messages: `k3s.token`. */
  readonly label: string;

  constructor(value: string, label = 'secret') {
    this.#value = value;
    this.label = label;
  }

  reveal(): string {
    return this.#value;
  }

  /** SHA-256, hex. Only for comparison on a root-only file of the machine that holds the secret anyway; never print it. */
  digest(): string {
    return createHash('sha256').update(this.#value).digest('hex');
  }

  toString(): string {
    return MASK;
  }

  toJSON(): never {
    throw new TypeError(`the secret ${this.label} must not become JSON`);
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** Login names lie beside passwords and are no secrets: hiding them would hide half of what is said. */
const isLoginName = ({ label }: Secret): boolean => /(^|\.)user(name)?$/i.test(label);

/** A function that replaces every given secret (of 4 characters or more) and its base64 form in a text by `***`. */
export function redactor(secrets: Iterable<Secret>): (text: string) => string {
  const needles = new Set<string>();
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 4 || isLoginName(secret)) continue;
    needles.add(value);
    needles.add(Buffer.from(value).toString('base64'));
    for (const line of value.split('\n')) if (line.trim().length >= 8) needles.add(line.trim());
  }
  const sorted = [...needles].sort((a, b) => b.length - a.length);
  return (text) => sorted.reduce((redacted, needle) => redacted.replaceAll(needle, MASK), text);
}
