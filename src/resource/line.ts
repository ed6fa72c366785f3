import { z } from 'zod';
import { joinScripts, rawScript, type Script, sh } from '#src/shell/script.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, fileMode, octal, oneLine, presence, script } from './schemas.ts';

/** A POSIX extended regular expression, as `grep -E` takes it. */
const pattern = oneLine.min(1);

const schema = z
  .strictObject({
    path: absolutePath,
    state: presence,
    line: oneLine.min(1).optional(),
    /** Lines that this one stands for: the first becomes it, further ones go. With `absent`, all of them go. */
    match: pattern.optional(),
    /** Where it is put when no line matches. */
    insert: z
      .union([z.enum(['top', 'bottom']), z.strictObject({ after: pattern }), z.strictObject({ before: pattern })])
      .default('bottom'),
    /** Make the file when it is not there, with `mode`, root's. */
    create: z.boolean().default(false),
    mode: fileMode.default(0o644),
    /** Run before the file becomes active, with its path aside in `$candidate`. Its exit status decides. */
    validate: script.optional(),
  })
  .refine((spec) => spec.line !== undefined || (spec.state === 'absent' && spec.match !== undefined), {
    path: ['line'],
    error: 'needs a line; to remove lines, a line or a match',
  });

type Spec = z.output<typeof schema>;

interface State {
  hasFile: boolean;
  hasLine: boolean;
  /** Lines that match and are not the line itself. */
  others: string;
}

/** One line of a file that is somebody else's; mode and owner stay, a symlink is followed. */
export const line = defineKind({
  name: 'line',
  schema,
  id: (spec) => `${spec.path}:${spec.match ?? spec.line}`,

  probe: (specs) =>
    joinScripts([
      sh`
        line_state() {
          if [ ! -f "$1" ]; then record no no ''; return; fi
          has=no others=
          if [ -n "$2" ] && grep -Fxq -e "$2" -- "$1"; then has=yes; fi
          if [ -n "$3" ]; then others=$(grep -E -e "$3" -- "$1" | { if [ -n "$2" ]; then grep -Fxv -e "$2"; else cat; fi; } | tr -d '\036\037'); fi
          record yes "$has" "$others"
        }`,
      ...specs.map((spec) => sh`line_state ${spec.path} ${spec.line ?? ''} ${spec.match ?? ''}`),
    ]),
  parse: ([hasFile, hasLine, others = '']): State => ({ hasFile: hasFile === 'yes', hasLine: hasLine === 'yes', others }),

  diff(spec, state): Change | undefined {
    const before = [...(state.hasLine && spec.state === 'absent' ? [spec.line] : []), ...(state.others ? [state.others] : [])];
    if (spec.state === 'absent') {
      return before.length === 0 ? undefined : { action: 'delete', fields: [{ field: 'line', before: before.join('\n') }] };
    }
    if (state.hasLine && !state.others) return undefined;
    const missing = state.hasFile || spec.create ? {} : { note: 'the file is not there: will be refused' };
    return { action: 'update', fields: [{ field: 'line', before: before[0], after: spec.line }], ...missing };
  },

  apply: (spec) => ({ script: rewriting(spec) }),
  fingerprint: ({ state: wanted, line: text, match }) => JSON.stringify([wanted, text, match]),
});

/** grep finds the lines (mawk's expressions are not POSIX's), awk puts the text together by their numbers. */
function rewriting({ path, state: wanted, line: text = '', match = '', insert, create, mode, validate }: Spec): Script {
  const anchor = typeof insert === 'string' ? '' : 'after' in insert ? insert.after : insert.before;
  const where = typeof insert === 'string' ? insert : Object.keys(insert)[0];
  return joinScripts([
    sh`
      path=${path} line=${text} wanted=${wanted} where=${where}
      if [ -L "$path" ]; then path=$(readlink -f "$path"); fi
      numbers() { grep -n "$@" -- "$path" | cut -d: -f1; }
      if [ ! -e "$path" ]; then
        if [ ${create ? 'yes' : 'no'} = no ]; then echo ${`${path} does not exist`} >&2; exit 1; fi
        : >"$path"
        chmod ${octal(mode)} "$path"
      fi
      replaced=$( { [ -z ${match} ] || numbers -E -e ${match}; [ -z "$line" ] || numbers -Fx -e "$line"; } | sort -nu | tr '\n' ' ')
      anchor=$([ -z ${anchor} ] || numbers -E -e ${anchor})
      case $where in after) anchor=\${anchor##*[!0-9]} ;; *) anchor=\${anchor%%[!0-9]*} ;; esac
      export line
      text=$(awk -v wanted="$wanted" -v replaced="$replaced" -v where="$where" -v anchor="\${anchor:-0}" '
        function put() { if (wanted == "present" && !done) { print ENVIRON["line"]; done = 1 } }
        BEGIN {
          count = split(replaced, numbers, " ")
          for (i = 1; i <= count; i++) drop[numbers[i]] = 1
          if (where == "top" && count == 0) put()
        }
        NR in drop { put(); next }
        count == 0 && where == "before" && NR == anchor { put() }
        { print }
        count == 0 && where == "after" && NR == anchor { put() }
        END { put(); print "." }' "$path")
      # shellcheck disable=SC2046 # three words
      set -- $(stat -c '%a %u %g' "$path")`,
    rawScript('validate() {\ncandidate=$1'),
    validate ?? rawScript(':'),
    rawScript('}'),
    sh`printf '%s' "\${text%.}" | place "$path" "$1" "$2" "$3" validate`,
  ]);
}
