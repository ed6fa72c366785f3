import { randomBytes } from 'node:crypto';
import { spellings } from '#src/secrets/spellings.ts';

const bird = (name: string): string => `canary-${name}-${randomBytes(8).toString('hex')}`;

/** Secrets of every sort that stand nowhere else. `gitToken`: the one that the lab's git server takes. */
export function canaries(gitToken: string) {
  const awkward = (name: string): string => `it's "${bird(name)}" & $HOME\\ü`;
  return {
    k3sToken: bird('k3s-token'),
    agentToken: bird('agent-token'),
    gitToken,
    becomePassword: awkward('become'),
    appPassword: awkward('app'),
    newPassword: awkward('new'),
    appKey: `-----BEGIN CANARY KEY-----\n${bird('key')}/+${bird('key')}==\n${bird('key')}\n-----END CANARY KEY-----\n`,
    group: awkward('group'),
    host: awkward('host'),
    inline: awkward('inline'),
    passphrase: bird('passphrase'),
  };
}
export type Canaries = ReturnType<typeof canaries>;

/** Vault files of the cluster directory. */
export const vaultsOf = (birds: Canaries): Record<string, string> => ({
  'secrets.yaml.asc': JSON.stringify({
    k3s: { token: birds.k3sToken, agentToken: birds.agentToken },
    git: { token: birds.gitToken },
    become: { carol: birds.becomePassword },
    app: { password: birds.appPassword, key: birds.appKey },
  }),
  'group_vars/all.secrets.yaml.asc': JSON.stringify({ app: { group: birds.group, host: 'that of nobody' } }),
  'host_vars/n1.secrets.yaml.asc': JSON.stringify({ app: { host: birds.host } }),
  'host_vars/n2.secrets.yaml.asc': JSON.stringify({ app: { host: birds.host } }),
});

/** Lines for `grep -F -f`: whatever a secret may look like. */
export const patternsOf = (secrets: readonly string[]): string =>
  [...new Set(secrets.flatMap((secret) => spellings(secret)).flatMap((spelling) => spelling.split('\n')))]
    .filter(({ length }) => length >= 8)
    .map((line) => `${line}\n`)
    .join('');
