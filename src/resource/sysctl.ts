import { z } from 'zod';
import { rawScript, type Script, sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';
import { oneLine, presence } from './schemas.ts';

/** Source: sysctl.d(5). */
const FILE = '/etc/sysctl.d/90-picluster.conf';

const schema = z
  .strictObject({
    key: z
      .string()
      .regex(/^[\w-]+(?:[./][\w-]+)+$/, 'a sysctl key')
      .refine((key) => !key.includes('..'))
      .describe('As sysctl(8) takes it: `net.ipv4.ip_forward`'),
    state: presence,
    value: z
      .union([z.number(), oneLine.min(1)])
      .transform((value) => oneSpace(String(value)))
      .optional()
      .describe('A number or words'),
  })
  .refine((spec) => spec.state === 'absent' || spec.value !== undefined, { path: ['value'], error: 'a sysctl needs a value' });

type Spec = z.output<typeof schema>;

interface State {
  /** Undefined: the kernel does not know the key; its module may not be loaded. */
  live: string | undefined;
  /** The line that keeps it after a reboot. */
  saved: string;
  /** A file that is read after ours at boot and sets the key, too: it wins. */
  later: { file: string; value: string } | undefined;
}

export const sysctl = defineKind({
  name: 'sysctl',
  summary: 'A kernel parameter: the live value, and the line that keeps it after a reboot.',
  absent: 'the line goes; the live value stays until the next start',
  schema,
  id: (spec) => spec.key,

  // One grep reads all live values: the shell's own read goes byte by byte, which /proc/sys answers wrongly.
  probe: (specs) => sh`
    ${rawScript(LATER_SYSCTLS)}
    {
    printf 'w%s %s\n' ${specs.flatMap(({ key }) => [procPath(key), key])}
    grep -Hs '' ${specs.map(({ key }) => procPath(key))}
    [ ! -r ${FILE} ] || sed 's/^/s/' ${FILE}
    later_sysctls
    } 2>/dev/null | awk '
      /^w/ { n++; path[n] = substr($1, 2); key[n] = $2; next }
      /^s/ { saved[substr($1, 2)] = substr($0, 2); next }
      /^o/ { split($0, part, "\t"); later[part[2]] = substr(part[1], 2) "\037" part[3]; next }
      { at = index($0, ":"); file = substr($0, 1, at - 1); if (!(file in live)) live[file] = substr($0, at + 1) }
      END {
        for (i = 1; i <= n; i++)
          printf "%s\037%s\037%s\037%s\037\036", (path[i] in live ? "yes" : "no"), live[path[i]], saved[key[i]],
            (path[i] in later ? later[path[i]] : "\037")
      }'`,
  parse: ([known, live = '', saved = '', file = '', value = '']): State => ({
    live: known === 'yes' ? oneSpace(live) : undefined,
    saved,
    later: file === '' ? undefined : { file, value: oneSpace(value) },
  }),

  diff(spec, state) {
    if (spec.state === 'absent') {
      const note = 'the live value stays until the next start';
      return changeOf('delete', differences({ saved: [state.saved || undefined, undefined] }), { note });
    }
    return changeOf('update', [
      ...differences({ live: [state.live, spec.value], saved: [state.saved.replace(/^\S+ = /, '') || undefined, spec.value] }),
      ...(overriding(spec, state) ? [{ field: 'at boot', before: overriding(spec, state), after: spec.value }] : []),
    ]);
  },

  apply: (spec, state) => ({
    script: spec.state === 'absent' ? sh`set_keyed_line ${FILE} ${spec.key}` : setting(spec, overriding(spec, state)),
  }),
  fingerprint: (spec) => `${spec.state} ${spec.value}`,
});

const oneSpace = (value: string): string => value.trim().replaceAll(/\s+/g, ' ');

/** Where the key lives: the first separator decides which of `.` and `/` parts the words. */
function procPath(key: string): string {
  const swap = (char: string): string => (char === '.' ? '/' : '.');
  const isDotted = key.search(/[./]/) === key.indexOf('.');
  return `/proc/sys/${isDotted ? key.replaceAll(/[./]/g, swap) : key}`;
}

/** `0 by /etc/sysctl.d/99-other.conf`, when that is not the wanted value. */
const overriding = (spec: Spec, { later }: State): string | undefined =>
  later && later.value !== spec.value ? `${later.value} by ${later.file}` : undefined;

/** A file that wins over ours at boot is somebody's decision: it is named, not changed. */
const setting = ({ key, value = '' }: Spec, overridden: string | undefined): Script => sh`
  set_keyed_line ${FILE} ${key} ${`${key} = ${value}`}
  if [ ! -e ${procPath(key)} ]; then
    echo ${`the kernel has no ${key}: is the module loaded that brings it?`} >&2
    exit 1
  fi
  if ! printf '%s\n' ${value} >${procPath(key)}; then
    echo ${`the kernel refuses ${key} = ${value}`} >&2
    exit 1
  fi
  if [ -n ${overridden ?? ''} ]; then
    echo ${`${key} is ${value} now, but is set to ${overridden} at every start: take it out there`} >&2
    exit 1
  fi`;

/** Prints `oFILE TAB PROC-PATH TAB VALUE` for each setting of the files that are read after ours; of equal names the first directory's counts. */
const LATER_SYSCTLS = String.raw`
later_sysctls() {
  seen=
  set --
  for file in /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf; do
    case " $seen " in *" ${'${file##*/}'} "*) continue ;; esac
    [ -r "$file" ] || continue
    seen="$seen ${'${file##*/}'}"
    set -- "$@" "$file"
  done
  [ $# -eq 0 ] || awk '
    function path(key) {
      if (match(key, /[.\/]/) && substr(key, RSTART, 1) == ".") {
        gsub(/\//, "", key); gsub(/[.]/, "/", key); gsub(//, ".", key)
      }
      return "/proc/sys/" key
    }
    FNR == 1 { base = FILENAME; sub(/.*\//, "", base) }
    base <= "90-picluster.conf" || /^[ 	]*([#;]|$)/ { next }
    {
      at = index($0, "=")
      key = substr($0, 1, at - 1); gsub(/^[ 	-]+|[ 	]+$/, "", key)
      value = substr($0, at + 1); gsub(/	/, " ", value)
      if (at && base >= from[key]) { from[key] = base; out[key] = "o" FILENAME "	" path(key) "	" value }
    }
    END { for (key in out) print out[key] }' "$@"
}`;
