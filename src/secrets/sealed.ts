import { PiclusterError } from '#src/errors.ts';
import { Secret } from './secret.ts';
import { type SecretStore, secretPath } from './store.ts';

/** A secret of a vault that nobody opened, in a command that needs none: it can be passed on, not revealed. */
class SealedSecret extends Secret {
  constructor(label: string) {
    super('', label);
  }

  override reveal(): never {
    throw new PiclusterError(`the secret ${this.label} was not decrypted: this command does without secrets`);
  }
}

/** What a vault holds while it is closed: a secret for every name, none of which can be revealed. `plain`: what lies beside it in clear. */
export function sealedStore(name: string, plain: SecretStore): SecretStore {
  return {
    name,
    isSealed: true,
    get: (path) => plain.get(path) ?? new SealedSecret(secretPath(path)),
    paths: plain.paths,
    all: plain.all,
    placeOf: plain.placeOf,
  };
}
