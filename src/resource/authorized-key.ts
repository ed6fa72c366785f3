import { z } from 'zod';
import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { presence } from './schemas.ts';
import { accountName } from './user.ts';

const KEY = /^((?:ssh|ecdsa|sk)-[a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)(?: ([^\p{Cc}]*))?$/u;

const schema = z.strictObject({
  user: accountName.describe('A local user with a home directory'),
  state: presence,
  key: z
    .string()
    .trim()
    .regex(KEY, 'a public key: type, base64, comment')
    .describe('As in a .pub file; its comment is for people and does not count.'),
});

type Spec = z.output<typeof schema>;

interface State {
  hasUser: boolean;
  hasKey: boolean;
  /** `MODE:UID` */
  directory: string;
  file: string;
  uid: string;
}

export const authorizedKey = defineKind({
  name: 'authorized-key',
  summary: "A public key in a user's authorized_keys; other keys there are left alone.",
  absent: 'this key goes, others stay',
  schema,
  id: (spec) => `${spec.user}/${wordsOf(spec)[1].slice(-12)}`,

  probe: (specs) =>
    joinScripts([
      rawScript(HELPERS),
      sh`
        key_state() {
          find_user "$1"
          if [ -z "$home" ]; then record no; return; fi
          file=$home/.ssh/authorized_keys found=no
          if [ -r "$file" ]; then
            while IFS= read -r line || [ -n "$line" ]; do
              if has_key "$line" "$2"; then found=yes; fi
            done <"$file"
          fi
          record yes "$found" "$(stat -c '%a:%u' -- "$home/.ssh" 2>/dev/null)" "$(stat -c '%a:%u' -- "$file" 2>/dev/null)" "$uid"
        }`,
      ...specs.map((spec) => sh`key_state ${spec.user} ${wordsOf(spec).join(' ')}`),
    ]),
  parse: ([hasUser, hasKey, directory = '', file = '', uid = '']): State => ({
    hasUser: hasUser === 'yes',
    hasKey: hasKey === 'yes',
    directory,
    file,
    uid,
  }),

  diff(spec, state): Change | undefined {
    const name = `${wordsOf(spec)[0]} ...${wordsOf(spec)[1].slice(-12)}`;
    if (spec.state === 'absent') return state.hasKey ? { action: 'delete', fields: [{ field: 'key', before: name }] } : undefined;
    if (!state.hasKey) return { action: 'create', fields: [{ field: 'key', after: name }] };
    const fields = differences({ '~/.ssh': [state.directory, `700:${state.uid}`], file: [state.file, `600:${state.uid}`] });
    return changeOf('update', fields);
  },

  apply(spec) {
    const line = spec.state === 'present' ? `${spec.key}\n` : '';
    return {
      script: joinScripts([
        rawScript(HELPERS),
        sh`
          find_user ${spec.user}
          if [ ! -d "$home" ]; then echo ${`${spec.user} has no home directory`} >&2; exit 1; fi
          # The directory is the user's: root must not be led elsewhere by a link in it.
          if [ -L "$home/.ssh" ]; then echo "$home/.ssh is a symlink: it is not followed" >&2; exit 1; fi
          [ -d "$home/.ssh" ] || mkdir -m 700 "$home/.ssh"
          chown -h "$uid:$gid" "$home/.ssh"
          chmod 700 "$home/.ssh"
          file=$home/.ssh/authorized_keys text=
          if [ -f "$file" ] && [ ! -L "$file" ]; then
            while IFS= read -r line || [ -n "$line" ]; do
              if ! has_key "$line" ${wordsOf(spec).join(' ')}; then text="$text$line
          "; fi
            done <"$file"
          fi
          printf '%s%s' "$text" ${line} | place "$file" 600 "$uid" "$gid"`,
      ]),
    };
  },

  fingerprint: (spec) => `${spec.state} ${spec.key}`,
});

function wordsOf({ key }: Spec): [type: string, blob: string] {
  const [, type = '', blob = ''] = KEY.exec(key) ?? [];
  return [type, blob];
}

const HELPERS = `
find_user() {
  while IFS=: read -r name _ uid gid _ home _; do
    [ "$name" != "$1" ] || return 0
  done </etc/passwd
  home= uid= gid=
}
has_key() {
  case $1 in '#'*) return 1 ;; esac
  case " $1 " in *" $2 "*) return 0 ;; esac
  return 1
}`;
