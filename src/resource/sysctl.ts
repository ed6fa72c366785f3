import { z } from 'zod';
import { type Script, sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { defineKind } from './kind.ts';
import { ensure, oneLine } from './schemas.ts';

/** Source: sysctl.d(5). */
const FILE = '/etc/sysctl.d/90-picluster.conf';

const schema = z
  .strictObject({
    key: z
      .string()
      .regex(/^[\w-]+(?:[./][\w-]+)+$/, 'a sysctl key')
      .refine((key) => !key.includes('..')),
    ensure,
    value: z
      .union([z.number(), oneLine.min(1)])
      .transform((value) => oneSpace(String(value)))
      .optional(),
  })
  .refine((spec) => spec.ensure === 'absent' || spec.value !== undefined, { path: ['value'], error: 'a sysctl needs a value' });

type Spec = z.output<typeof schema>;

interface State {
  /** Undefined: the kernel does not know the key; its module may not be loaded. */
  live: string | undefined;
  /** The line that keeps it after a reboot. */
  saved: string;
}

/** A kernel parameter: the live value, and the line that keeps it after a reboot. Absent: the line goes, the live value stays. */
export const sysctl = defineKind({
  name: 'sysctl',
  schema,
  id: (spec) => spec.key,

  // One grep reads all live values: the shell's own read goes byte by byte, which /proc/sys answers wrongly.
  probe: (specs) => sh`
    {
    printf 'w%s %s\n' ${specs.flatMap(({ key }) => [procPath(key), key])}
    grep -Hs '' ${specs.map(({ key }) => procPath(key))}
    [ ! -r ${FILE} ] || sed 's/^/s/' ${FILE}
    } 2>/dev/null | awk '
      /^w/ { n++; path[n] = substr($1, 2); key[n] = $2; next }
      /^s/ { saved[substr($1, 2)] = substr($0, 2); next }
      { at = index($0, ":"); file = substr($0, 1, at - 1); if (!(file in live)) live[file] = substr($0, at + 1) }
      END {
        for (i = 1; i <= n; i++)
          printf "%s\037%s\037%s\037\036", (path[i] in live ? "yes" : "no"), live[path[i]], saved[key[i]]
      }'`,
  parse: ([known, live = '', saved = '']): State => ({ live: known === 'yes' ? oneSpace(live) : undefined, saved }),

  diff(spec, state) {
    if (spec.ensure === 'absent') return changeOf('delete', differences({ saved: [state.saved || undefined, undefined] }));
    return changeOf(
      'update',
      differences({ live: [state.live, spec.value], saved: [state.saved.replace(/^\S+ = /, '') || undefined, spec.value] }),
    );
  },

  apply: (spec) => ({ script: spec.ensure === 'absent' ? sh`set_keyed_line ${FILE} ${spec.key}` : setting(spec) }),
  fingerprint: (spec) => `${spec.ensure} ${spec.value}`,
});

const oneSpace = (value: string): string => value.trim().replaceAll(/\s+/g, ' ');

/** Where the key lives: the first separator decides which of `.` and `/` parts the words. */
function procPath(key: string): string {
  const swap = (char: string): string => (char === '.' ? '/' : '.');
  const isDotted = key.search(/[./]/) === key.indexOf('.');
  return `/proc/sys/${isDotted ? key.replaceAll(/[./]/g, swap) : key}`;
}

const setting = ({ key, value = '' }: Spec): Script => sh`
  set_keyed_line ${FILE} ${key} ${`${key} = ${value}`}
  if [ ! -e ${procPath(key)} ]; then
    echo ${`the kernel has no ${key}: is the module loaded that brings it?`} >&2
    exit 1
  fi
  if ! printf '%s\n' ${value} >${procPath(key)}; then
    echo ${`the kernel refuses ${key} = ${value}`} >&2
    exit 1
  fi`;
