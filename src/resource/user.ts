import { z } from 'zod';
import type { Facts } from '#src/facts/facts.ts';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { changeOf, deletion, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, oneLine, presence } from './schemas.ts';

export const accountName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user or group name: small letters, digits, _ and -');

const schema = z.strictObject({
  name: accountName.describe('Its name'),
  state: presence,
  uid: z.int().min(0).optional().describe('Its number; default: the next that is free'),
  shell: absolutePath.optional().describe('Default of the distribution, when not given.'),
  home: absolutePath.optional().describe('Home directory; default: /home/NAME'),
  comment: oneLine
    .regex(/^[^:]*$/)
    .optional()
    .describe('As in the fifth field of /etc/passwd'),
  groups: z.array(accountName).default([]).describe('Groups it has to be in; it may be in others, too. They must be there.'),
  system: z
    .boolean()
    .default(false)
    .describe('A number from the range for the system, and no home directory. Only when it is made.'),
  passwordLocked: z.boolean().default(false).describe('No login with a password; keys still work. A new user has none anyway.'),
  purge: z.boolean().default(false).describe('With `state: absent`: its home directory goes too.'),
});

type Spec = z.output<typeof schema>;

interface State {
  exists: boolean;
  uid: string;
  home: string;
  shell: string;
  isLocked: boolean;
  groups: string[];
}

export const user = defineKind({
  name: 'user',
  summary: 'A local user.',
  absent: 'removed; the home directory stays, unless `purge`',
  schema,
  comesWithOthers: true,
  bringsOthers: true,
  disturbs: true,
  id: (spec) => spec.name,

  // The password's hash stays on the node: only whether it is locked is said.
  probe: (specs) => sh`
    awk -F: -v names=${specs.map((spec) => spec.name).join(' ')} '
      FILENAME == "/etc/passwd" { uid[$1] = $3; gid[$1] = $4; home[$1] = $6; shell[$1] = $7 }
      FILENAME == "/etc/shadow" { locked[$1] = ($2 ~ /^[!*]/ ? "yes" : "no") }
      FILENAME == "/etc/group" { primary[$3] = $1; count = split($4, members, ","); for (i = 1; i <= count; i++) groups[members[i]] = groups[members[i]] $1 "," }
      END {
        count = split(names, wanted, " ")
        for (i = 1; i <= count; i++) {
          name = wanted[i]
          if (!(name in uid)) { printf "no\037\036"; continue }
          printf "yes\037%s\037%s\037%s\037%s\037%s\037\036", uid[name], home[name], shell[name], locked[name], groups[name] primary[gid[name]]
        }
      }' /etc/passwd /etc/shadow /etc/group`,
  parse: ([exists, uid = '', home = '', shell = '', locked, groups = '']): State => ({
    exists: exists === 'yes',
    uid,
    home,
    shell,
    isLocked: locked === 'yes',
    groups: groups.split(',').filter(Boolean),
  }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') {
      if (!state.exists) return undefined;
      return deletion(`uid ${state.uid}`, { destructive: spec.purge ? 'with its home directory' : 'the login is lost' });
    }
    const fields = differences({
      ...(spec.uid === undefined ? {} : { uid: [state.uid || undefined, spec.uid] }),
      ...(spec.home === undefined ? {} : { home: [state.home || undefined, spec.home] }),
      ...(spec.shell === undefined ? {} : { shell: [state.shell || undefined, spec.shell] }),
      ...(missingGroups(spec, state).length === 0 ? {} : { groups: [undefined, missingGroups(spec, state).join(',')] }),
      ...(spec.passwordLocked && state.exists ? { 'password locked': [state.isLocked, true] } : {}),
    });
    if (state.exists) return changeOf('update', fields);
    return { action: 'create', fields: fields.length > 0 ? fields : [{ field: 'user', after: spec.name }] };
  },

  apply(spec, state, facts) {
    if (spec.state === 'absent')
      return { script: joinScripts([accountTools, sh`userdel ${spec.purge && '--remove'} ${spec.name}`]) };
    const change = state.exists ? joinScripts([modification(spec, state), locking(spec, facts)]) : creation(spec);
    return { script: joinScripts([accountTools, change]) };
  },

  fingerprint: (spec) => JSON.stringify([spec.state, spec.uid, spec.shell, spec.home, spec.groups]),
});

const missingGroups = (spec: Spec, state: State): string[] => spec.groups.filter((name) => !state.groups.includes(name));

/** busybox's adduser can make users, but not change them. */
export const accountTools = sh`
  if ! command -v usermod >/dev/null 2>&1; then
    echo "usermod is not there: install the package shadow (Alpine) or passwd (Debian)" >&2
    exit 1
  fi`;

const option = (flag: string, value: string | number | undefined): (string | number)[] =>
  value === undefined ? [] : [flag, value];

const creation = ({ name, uid, shell, home, comment, groups, system }: Spec): Script => {
  const options = [
    ...(system ? ['--system', '--no-create-home'] : ['--create-home']),
    ...option('--uid', uid),
    ...option('--shell', shell),
    ...option('--home-dir', home),
    ...option('--comment', comment),
    ...(groups.length > 0 ? ['--groups', groups.join(',')] : []),
    // no password, but not locked: a server without PAM lets nobody in who is locked, also not with a key
    '--password',
    '*',
  ];
  return sh`
    if grep -q ${`^${name}:`} /etc/group; then set -- --gid ${name}; else set -- --user-group; fi
    useradd ${options} "$@" ${name}`;
};

function modification(spec: Spec, state: State): Script {
  const groups = missingGroups(spec, state);
  const options = [
    ...(spec.uid !== undefined && String(spec.uid) !== state.uid ? option('--uid', spec.uid) : []),
    ...(spec.shell !== state.shell ? option('--shell', spec.shell) : []),
    ...(spec.home !== state.home ? option('--home', spec.home) : []),
    ...(groups.length > 0 ? ['--append', '--groups', groups.join(',')] : []),
  ];
  return options.length === 0 ? sh`:` : sh`usermod ${options} ${spec.name}`;
}

/** A lock that can be undone, where the SSH server asks PAM; where it looks itself, a locked user's keys would be refused. */
function locking({ name, passwordLocked }: Spec, { packageManager }: Facts): Script {
  if (!passwordLocked) return sh`:`;
  return packageManager === 'apk' ? sh`usermod --password '*' ${name}` : sh`usermod --lock ${name}`;
}
