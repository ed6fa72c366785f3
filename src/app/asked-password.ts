import { PermissionError } from '#src/errors.ts';
import { Secret } from '#src/secrets/secret.ts';
import type { AskedPassword } from '#src/transport/connection.ts';
import { askSecret } from './ask-secret.ts';

/** Mistyped once is human. */
const MAX_TYPED = 2;

/** The become password, typed by a person when the first host asks for it, once more when a host refused it: never once per host. */
export class TypedPassword implements AskedPassword {
  readonly #ask: (question: string) => Promise<string | undefined>;
  readonly #typed: Secret[] = [];
  /** What each host was given last. */
  readonly #given = new Map<string, Secret>();
  #asking: Promise<void> | undefined;
  #isUnanswered = false;

  constructor(ask: (question: string) => Promise<string | undefined> = askSecret) {
    this.#ask = ask;
  }

  async next(host: string, tried: readonly Secret[]): Promise<Secret | undefined> {
    for (;;) {
      const candidates = [this.#given.get(host), ...this.#typed.toReversed()];
      const fresh = candidates.find((secret) => secret !== undefined && !tried.includes(secret));
      if (fresh) {
        this.#given.set(host, fresh);
        return fresh;
      }
      if (this.#isUnanswered) throw nobody(host);
      if (this.#typed.length >= MAX_TYPED) return undefined;
      this.#asking ??= this.#type(host).finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
  }

  async #type(host: string): Promise<void> {
    const question =
      this.#typed.length === 0 ? `password to become root (${host} asks): ` : `${host} did not accept it; once more: `;
    const answer = await this.#ask(question);
    if (answer === undefined) this.#isUnanswered = true;
    else this.#typed.push(new Secret(answer, 'become password'));
  }
}

function nobody(host: string): PermissionError {
  return new PermissionError(`${host} asks for a password to become root, and nobody typed it`, {
    host,
    hint: 'run this at a terminal, or keep the password in the secrets: become: { method: sudo, passwordSecret: become.NAME } in hosts.yaml',
  });
}
