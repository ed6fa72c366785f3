import { randomBytes } from 'node:crypto';
import { Secret } from '#src/secrets/secret.ts';
import type { Content } from './content.ts';

/** Stands for a secret while text is made: its text is a mark, which `release` turns into the secret again. */
export class HeldSecret {
  readonly #secret: Secret;
  readonly #marks: (secret: Secret) => string;

  constructor(secret: Secret, marks: (secret: Secret) => string) {
    this.#secret = secret;
    this.#marks = marks;
  }

  toString(): string {
    return this.#marks(this.#secret);
  }

  /** The mark of the secret as written by `encode`: quoted, indented. */
  encoded(encode: (value: string) => string): string {
    return this.#marks(new Secret(encode(this.#secret.reveal()), this.#secret.label));
  }
}

/** Keeps secrets out of a text that is being made. Marks are letters and digits only: no quoting touches them. */
export class SecretHolder {
  readonly #secrets: Secret[] = [];
  readonly #nonce = `secret${randomBytes(9).toString('hex')}n`;

  /** The same value with every secret replaced by its stand-in. */
  hold(value: unknown): unknown {
    if (value instanceof Secret) return new HeldSecret(value, (secret) => this.#mark(secret));
    if (Array.isArray(value)) return value.map((item) => this.hold(item));
    if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.hold(item)]));
  }

  /** A text with marks becomes content with secrets; without any, the text itself. */
  release(text: string): Content {
    if (this.#secrets.length === 0) return text;
    const pieces = text.split(new RegExp(`${this.#nonce}(\\d+)x`));
    return pieces.flatMap((piece, index): (string | Secret)[] => {
      const secret = index % 2 === 1 ? this.#secrets[Number(piece)] : undefined;
      if (secret) return [secret];
      return piece === '' ? [] : [piece];
    });
  }

  #mark(secret: Secret): string {
    this.#secrets.push(secret);
    return `${this.#nonce}${this.#secrets.length - 1}x`;
  }
}
