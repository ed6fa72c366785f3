import type { KvPlace } from '../export.ts';
import type { CatalogueFile, Credential } from './schema.ts';

export interface Catalogue {
  readonly services: ReadonlyMap<string, string>;
  /** By name; those that others are made of come first. */
  readonly credentials: ReadonlyMap<string, Credential>;
}

/** What is wrong between the entries of a catalogue; `name`: the credential it is about. */
export interface CatalogueFault {
  readonly name: string;
  readonly message: string;
}

/** Several files as one catalogue; later ones win. Pure. */
export function catalogueOf(files: readonly CatalogueFile[]): Catalogue {
  const all = new Map(files.flatMap(({ credentials }) => Object.entries(credentials)));
  const rank = (credential: Credential): number => (sourceOf(credential) === undefined ? 0 : 1);
  const sorted = [...all].sort(([, a], [, b]) => rank(a) - rank(b));
  return {
    services: new Map(files.flatMap(({ services }) => Object.entries(services))),
    credentials: new Map(sorted),
  };
}

/** The credential that this one is made of: a hash of a password, a certificate of its authority. */
export function sourceOf(credential: Credential): string | undefined {
  if (credential.kind === 'htpasswd') return credential.of;
  return credential.kind === 'tls-leaf' ? credential.ca : undefined;
}

/** Where the parts of a credential stand in the vault; the first is the secret one that makes it. */
export function pathsOf(name: string, credential: Credential): readonly [string, ...string[]] {
  if (credential.kind === 'ssh-key') return [name, credential.public];
  if (credential.kind === 'tls-ca' || credential.kind === 'tls-leaf') return [`${name}.key`, `${name}.certificate`];
  return [name];
}

/** By path of the secret: where Vault keeps it. */
export const kvPlaces = ({ credentials }: Catalogue): Map<string, KvPlace> =>
  new Map(
    [...credentials].flatMap(([name, credential]) => (credential.kv ? [[pathsOf(name, credential)[0], credential.kv]] : [])),
  );

/** Names of the credentials that are made of this one. */
export const dependantsOf = ({ credentials }: Catalogue, name: string): string[] =>
  [...credentials].filter(([, credential]) => sourceOf(credential) === name).map(([dependant]) => dependant);

/** References that lead nowhere, and paths that cannot both be. Pure. */
export function faultsOf({ credentials, services }: Catalogue): CatalogueFault[] {
  const faults: CatalogueFault[] = [];
  const owners = new Map<string, string>();
  for (const [name, credential] of credentials) {
    const blame = (message: string) => faults.push({ name, message });
    const { service } = credential.for;
    if (service !== undefined && !services.has(service)) blame(`there is no service "${service}"`);
    const source = sourceOf(credential);
    const wanted = credential.kind === 'tls-leaf' ? ['tls-ca'] : ['password', 'token', 'hex', 'base64', 'given'];
    const found = source === undefined ? undefined : credentials.get(source);
    if (source !== undefined && !wanted.includes(found?.kind ?? ''))
      blame(`is made of "${source}", which is no ${wanted.join(', ')} here`);
    if (credential.onlyWith !== undefined && !credentials.has(credential.onlyWith))
      blame(`goes with "${credential.onlyWith}", which is not here`);
    for (const path of pathsOf(name, credential)) {
      const other = [...owners].find(([taken]) => overlap(path, taken));
      if (other) blame(`stands at ${path}, where ${other[1]} has ${other[0]}`);
      owners.set(path, name);
    }
  }
  return faults;
}

const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
