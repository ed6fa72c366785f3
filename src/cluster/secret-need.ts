import { PiclusterError } from '#src/errors.ts';
import type { Unlock } from '#src/secrets/openpgp/unlock.ts';
import { Secret } from '#src/secrets/secret.ts';
import { secretsIn } from './check-secrets.ts';
import { rolesOf } from './draft.ts';
import { groupsOf } from './host-layers.ts';
import { toData } from './layers.ts';
import type { SshSettings } from './schema.ts';
import { selectHosts } from './select.ts';
import type { Validated } from './validate.ts';

/** Who opens encrypted secrets, and what for. */
export interface VaultUse {
  /** `become`: only to become root; `roles`: also for what roles bring to hosts; `names`: to say what there is. */
  readonly purpose: 'become' | 'roles' | 'names';
  /** --limit: only these hosts count. Default: all. */
  readonly limit?: string | undefined;
  /** The credentials of git are handed over, too. */
  readonly handsOverGit?: boolean;
  readonly unlock: Unlock;
}

/**
 * Whether a run cannot do without the secrets: one of its hosts becomes root with one, or plays a role that uses some, or a variable of it is one.
 * Who is given none needs no redaction either.
 */
export function needsSecrets(validated: Validated, rolesWithSecrets: ReadonlySet<string>, use: VaultUse): boolean {
  if (use.purpose === 'names') return true;
  const { draft, vars, reach } = validated;
  const hosts = hostsOf(validated, use.limit);
  const isReachedByOthers = hosts.some((host) => reach.get(host)?.parsed?.jump !== undefined);
  const becoming = isReachedByOthers ? draft.hostNames : hosts;
  if (becoming.some((host) => isRootBySecret(reach.get(host)?.parsed?.become))) return true;
  if (use.purpose === 'become') return false;
  if (use.handsOverGit && (draft.cluster?.gitops?.auth ?? 'none') !== 'none') return true;
  return hosts.some((host) => {
    const tree = vars.get(host)?.tree;
    return rolesOf(host, draft).some((role) => rolesWithSecrets.has(role)) || (tree && secretsIn(toData(tree)).length > 0);
  });
}

/** A wrong pattern is told later, to whoever asked. */
function hostsOf({ draft }: Validated, limit: string | undefined): string[] {
  const candidates = draft.hostNames.map((name) => ({ name, groups: groupsOf(name, draft.membership) }));
  try {
    return selectHosts(candidates, limit).map(({ name }) => name);
  } catch (error) {
    if (error instanceof PiclusterError) return [];
    throw error;
  }
}

const isRootBySecret = (become: SshSettings['become']): boolean =>
  typeof become === 'object' && (become.passwordSecret !== undefined || become.password instanceof Secret);

/** Roles of the cluster's own whose files mention secrets, or share files that do; and all whose templates here name one. */
export function rolesMentioningSecrets(
  roleNames: readonly string[],
  texts: { roles: ReadonlyMap<string, { text: string }>; templates: ReadonlyMap<string, { text: string }> },
): string[] {
  const own = foldersOf(texts.roles, /./s);
  const mentioning = foldersOf(texts.roles, /secret/i);
  const overridden = foldersOf(texts.templates, /\{\{[^}]*\bsecret\b/);
  const isShared = [...mentioning].some((folder) => !roleNames.includes(folder));
  return roleNames.filter((name) => mentioning.has(name) || overridden.has(name) || (isShared && own.has(name)));
}

/** First folders of the files whose text matches. */
const foldersOf = (texts: ReadonlyMap<string, { text: string }>, pattern: RegExp): Set<string> =>
  new Set([...texts].flatMap(([path, { text }]) => (path.includes('/') && pattern.test(text) ? [path.split('/')[0] ?? ''] : [])));
