import type { Credential } from '#src/secrets/catalogue/schema.ts';
import { type Making, makeCredential, publicKeyOf } from '#src/secrets/generate/make.ts';
import type { NeededCredentials } from './needed-credentials.ts';

/**
 * New values by path: the answers, and what is made. `made` in any order, `completed`: keys that only lack their public part; `there`: what the
 * vault has, which what is new comes before.
 */
export async function madeValues(
  { catalogue, cluster }: NeededCredentials,
  { made, completed = [] }: { made: readonly string[]; completed?: readonly string[] },
  answers: ReadonlyMap<string, string>,
  there: (path: string) => string | undefined,
): Promise<Map<string, string>> {
  const values = new Map(answers);
  const value = (path: string) => values.get(path) ?? there(path);
  const making: Making = { cluster: cluster.name, domain: cluster.domain, now: new Date(), value };
  for (const [name, credential] of catalogue.credentials) {
    if (credential.kind !== 'given' && made.includes(name))
      for (const [path, text] of await makeCredential(name, credential, making)) values.set(path, text);
    if (credential.kind === 'ssh-key' && completed.includes(name))
      values.set(credential.public, await publicKeyOf(name, credential, making));
  }
  return values;
}

/** By path, for those that only a person has. */
export const questionsOf = (credentials: Iterable<readonly [string, Credential]>): Map<string, string> =>
  new Map([...credentials].flatMap(([name, credential]) => (credential.kind === 'given' ? [[name, credential.question]] : [])));
