import { PiclusterError } from '#src/errors.ts';
import type { Place } from '#src/yaml/source.ts';
import { isArmored } from './openpgp/armor.ts';
import type { Unlock } from './openpgp/unlock.ts';
import { Secret } from './secret.ts';
import { secretPath } from './store.ts';

/** `secretRef: k3s.token` in place of a value: which secret it means depends on the host. */
export class SecretRef extends Secret {
  constructor(name: string) {
    super('', secretPath(name));
  }

  override reveal(): never {
    throw new TypeError(`secretRef ${this.label} was not resolved for a host`);
  }
}

/** A single value that is encrypted in a plain file: `!vault`. It cannot be revealed before it was opened. */
export class EncryptedText extends Secret {
  readonly place: Place;
  readonly #armor: string;
  #plain: string | undefined;

  constructor(armor: string, place: Place) {
    super('', `${place.file}:${place.line}`);
    this.#armor = armor;
    this.place = place;
  }

  get isOpen(): boolean {
    return this.#plain !== undefined;
  }

  /** What is wrong with it without a key; undefined: nothing. */
  get mistake(): string | undefined {
    if (this.#armor.trimStart().startsWith('$ANSIBLE_VAULT;'))
      return 'is encrypted by ansible-vault: put the value into the vault (picluster vault set), and its name here (secretRef)';
    if (!isArmored(this.#armor)) return '!vault needs an ASCII-armoured OpenPGP message: !vault | and the armour below, indented';
    return this.#armor.trimEnd().endsWith('-----END PGP MESSAGE-----')
      ? undefined
      : 'does not end with the last line of the armour';
  }

  /** Decrypts it, once. One line loses its end. Throws ConfigError and PermissionError. */
  async open(unlock: Unlock): Promise<void> {
    if (this.isOpen) return;
    const { decrypt } = await import('./openpgp/decrypt.ts');
    // Values of one file have one passphrase: the question names the file, so that it is asked once.
    const passphrase = (question: string) => unlock.passphrase(question.replace(this.label, this.place.file));
    const text = (await decrypt(this.label, this.#armor, { ...unlock, passphrase })).toString('utf8');
    this.#plain = text.indexOf('\n') === text.length - 1 ? text.slice(0, -1) : text;
  }

  override reveal(): string {
    if (this.#plain !== undefined) return this.#plain;
    throw new PiclusterError(`the encrypted value ${this.label} was not decrypted: this command does without secrets`);
  }
}
