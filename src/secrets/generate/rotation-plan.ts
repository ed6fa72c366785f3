import { type Catalogue, dependantsOf, pathsOf } from '../catalogue/catalogue.ts';
import type { Credential } from '../catalogue/schema.ts';
import type { Rotation } from '../rotations.ts';

export interface RotationTarget {
  readonly name: string;
  readonly credential: Credential;
  /** Made of it, and made anew with it. */
  readonly dependants: ReadonlyMap<string, Credential>;
  /** All that will have another value. */
  readonly paths: readonly string[];
}

export interface RotationPlan {
  readonly targets: readonly RotationTarget[];
  /** Named, and not there to be rotated. */
  readonly unknown: readonly string[];
  /** Why some of it must not be done. */
  readonly refusals: readonly string[];
}

/** What would be made anew for the paths that were named, and what speaks against it. `has`: whether a path is in the vault. Pure. */
export function planRotation(
  catalogue: Catalogue,
  named: readonly string[],
  has: (path: string) => boolean,
  pending: readonly Rotation[],
  isForced: boolean,
): RotationPlan {
  const found = new Map(named.map((path) => [path, credentialAt(catalogue, path, has)]));
  const known = [...found.values()].filter((entry) => entry !== undefined);
  const isMadeAnyway = (name: string) => known.some((other) => dependantsOf(catalogue, other.name).includes(name));
  const targets = known
    .filter(({ name }, index) => !isMadeAnyway(name) && known.findIndex((other) => other.name === name) === index)
    .map(({ name, credential }) => targetOf(catalogue, name, credential, has));
  return {
    targets,
    unknown: [...found].filter(([, entry]) => entry === undefined).map(([path]) => path),
    refusals: targets.flatMap((target) => [...unconfirmed(target, pending), ...(isForced ? [] : forbidden(target))]),
  };
}

/** By its name or one of its paths. A secret that no catalogue knows can be given anew, too. */
function credentialAt({ credentials }: Catalogue, path: string, has: (path: string) => boolean) {
  for (const [name, credential] of credentials) {
    const paths = pathsOf(name, credential);
    if (name !== path && !paths.includes(path)) continue;
    return paths.every(has) ? { name, credential } : undefined;
  }
  return has(path) ? { name: path, credential: unlisted(path) } : undefined;
}

const unlisted = (path: string): Credential => ({
  kind: 'given',
  question: `New value of ${path}`,
  for: {},
  users: ['nobody that a credentials.yaml names'],
  whenMade: [],
  afterwards: [],
});

function targetOf(catalogue: Catalogue, name: string, credential: Credential, has: (path: string) => boolean): RotationTarget {
  const dependants = dependantsOf(catalogue, name)
    .map((dependant) => [dependant, catalogue.credentials.get(dependant)!] as const)
    .filter(([dependant, made]) => pathsOf(dependant, made).every(has));
  const paths = [[name, credential] as const, ...dependants].flatMap(([one, made]) => pathsOf(one, made));
  return { name, credential, dependants: new Map(dependants), paths };
}

const unconfirmed = ({ paths }: RotationTarget, pending: readonly Rotation[]): string[] =>
  pending
    .filter(({ old }) => paths.some((path) => old.has(path)))
    .map(
      ({ name, since }) =>
        `${name} was rotated at ${since} and nobody has confirmed it: picluster vault rotate --confirm ${name}, or --revert ${name}`,
    );

const forbidden = ({ name, credential: { refusal, afterwards } }: RotationTarget): string[] =>
  refusal === undefined ? [] : [`${name}: ${[refusal, ...afterwards].join('\n    ')}\n    Once you are ready: --force`];

/** What is told before anything is done: who needs the new values, and what else is made anew. Pure. */
export function describeRotation({ targets }: RotationPlan): string[] {
  return targets.flatMap(({ name, credential, dependants }) => [
    `${name} is ${credential.kind === 'given' ? 'asked for' : 'made anew'}; it is needed by:`,
    ...systemsOf(credential),
    ...[...dependants].flatMap(([dependant, made]) => [
      `${dependant} is made anew, too, as it is made of ${name}; it is needed by:`,
      ...systemsOf(made),
    ]),
  ]);
}

const systemsOf = ({ users, kv }: Credential): string[] => [
  ...users.map((user) => `  ${user}`),
  ...(kv ? [`  Vault, which keeps it at ${kv.path}, key ${kv.key}`] : []),
];

/** What is left to be done by hand. Pure. */
export const afterRotation = ({ targets }: RotationPlan): string[] =>
  targets.flatMap(({ name, credential, dependants }) =>
    [[name, credential] as const, ...dependants].flatMap(([one, { whenMade, afterwards }]) =>
      [...whenMade, ...afterwards].map((todo) => `  ${one}: ${todo}`),
    ),
  );
