import { z } from 'zod';
import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { deletion } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { presence } from './schemas.ts';
import { accountName } from './user.ts';

const schema = z.strictObject({
  user: accountName.describe('A local user'),
  group: accountName.describe('A local group'),
  state: presence,
});

interface State {
  hasUser: boolean;
  hasGroup: boolean;
  isMember: boolean;
  /** It is the user's own group, which no list of members can take away. */
  isPrimary: boolean;
}

const NEXT_LOGIN = 'from the next login on';

export const membership = defineKind({
  name: 'membership',
  summary: 'A user in a group. Other groups of the user and other members of the group are left alone.',
  absent: "this one is taken away, others stay; a user's primary group is refused",
  schema,
  comesWithOthers: true,
  id: (spec) => `${spec.user}/${spec.group}`,

  probe: (specs) => sh`
    awk -F: -v pairs=${specs.map(({ user, group }) => `${user}:${group}`).join(' ')} '
      FILENAME == "/etc/passwd" { user[$1] = 1; primary[$1, $4] = 1 }
      FILENAME == "/etc/group" { gid[$1] = $3; count = split($4, members, ","); for (i = 1; i <= count; i++) member[members[i], $1] = 1 }
      function said(answer) { printf "%s\037", (answer ? "yes" : "no") }
      END {
        count = split(pairs, wanted, " ")
        for (i = 1; i <= count; i++) {
          split(wanted[i], pair, ":")
          said(pair[1] in user); said(pair[2] in gid); said((pair[1], pair[2]) in member)
          said((pair[2] in gid) && ((pair[1], gid[pair[2]]) in primary)); printf "\036"
        }
      }' /etc/passwd /etc/group`,
  parse: ([hasUser, hasGroup, isMember, isPrimary]): State => ({
    hasUser: hasUser === 'yes',
    hasGroup: hasGroup === 'yes',
    isMember: isMember === 'yes',
    isPrimary: isPrimary === 'yes',
  }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') {
      if (state.isPrimary) return deletion('member', { note: `${spec.group} is its primary group: will be refused` });
      return state.isMember ? deletion('member', { note: NEXT_LOGIN }) : undefined;
    }
    if (state.isMember || state.isPrimary) return undefined;
    const missing = state.hasUser ? (state.hasGroup ? undefined : 'group') : 'user';
    const note = missing ? `the ${missing} is not there: will be refused` : NEXT_LOGIN;
    return { action: 'create', fields: [{ field: 'member', after: `${spec.user} of ${spec.group}` }], note };
  },

  // Debian's shadow tools, or busybox's.
  apply: ({ user, group, state: wanted }, state) => ({
    script: joinScripts([
      sh`user=${user} group=${group} primary=${state.isPrimary ? 'yes' : 'no'}`,
      rawScript(wanted === 'present' ? ADD : REMOVE),
    ]),
  }),
  fingerprint: (spec) => spec.state,
});

const ADD = `
grep -q "^$user:" /etc/passwd || { echo "there is no user $user" >&2; exit 1; }
grep -q "^$group:" /etc/group || { echo "there is no group $group" >&2; exit 1; }
if command -v gpasswd >/dev/null 2>&1; then gpasswd --add "$user" "$group" >/dev/null
else addgroup "$user" "$group"
fi`;

const REMOVE = `
if [ "$primary" = yes ]; then echo "$group is the primary group of $user: give $user another one first" >&2; exit 1; fi
if command -v gpasswd >/dev/null 2>&1; then gpasswd --delete "$user" "$group" >/dev/null
else delgroup "$user" "$group"
fi`;
