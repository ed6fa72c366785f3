import { isIP } from 'node:net';
import { z } from 'zod';
import { sh } from '#src/shell/script.ts';
import { deletion } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, presence } from './schemas.ts';
import { unifiedDiff } from './unified-diff.ts';

const BEGIN = '# picluster: begin';
const END = '# picluster: end';

const entry = z.strictObject({
  address: z.string().refine((address) => isIP(address) !== 0, 'an IP address'),
  names: z.array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/, 'a host name')).min(1),
});

const schema = z.strictObject({ entries: z.array(entry).default([]), state: presence, path: absolutePath.default('/etc/hosts') });

type Spec = z.output<typeof schema>;

interface State {
  /** `damaged`: the markers are not there exactly once each, in order. */
  markers: 'none' | 'whole' | 'damaged';
  block: string;
}

/** Names for addresses: a block of our own between two markers in /etc/hosts; what stands around it is left alone. */
export const hostsEntries = defineKind({
  name: 'hosts-entries',
  schema,
  id: (spec) => spec.path,

  probe: (specs) => sh`
    for path in ${specs.map((spec) => spec.path)}; do
      [ -r "$path" ] || path=/dev/null
      awk -v first=${BEGIN} -v last=${END} '
        $0 == first { begins++; inside = 1; next }
        $0 == last { ends++; inside = 0; next }
        inside { gsub(/[\036\037]/, ""); block = block $0 "\n" }
        END {
          markers = begins + ends == 0 ? "none" : begins == 1 && ends == 1 && !inside ? "whole" : "damaged"
          printf "%s\037%s\037\036", markers, block
        }' "$path"
    done`,
  parse: ([markers = 'none', block = '']): State => ({ markers: markers as State['markers'], block }),

  diff(spec, state): Change | undefined {
    const refused = state.markers === 'damaged' ? { note: 'its markers are damaged: will be refused' } : {};
    if (spec.state === 'absent') return state.markers === 'none' ? undefined : deletion('block', refused);
    if (state.markers === 'whole' && state.block === blockOf(spec)) return undefined;
    const diff = unifiedDiff(state.block, blockOf(spec), spec.path);
    const action = state.markers === 'none' ? 'create' : 'update';
    return { action, fields: [{ field: 'entries', after: String(spec.entries.length) }], diff, ...refused };
  },

  apply: (spec, state) =>
    state.markers === 'damaged'
      ? { script: sh`echo ${`${spec.path}: ${BEGIN} and ${END} must stand there once each: mend or remove them`} >&2; exit 1` }
      : { script: rewriting(spec) },
  fingerprint: (spec) => `${spec.state} ${blockOf(spec)}`,
});

const blockOf = ({ entries }: Spec): string => entries.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('');

/** Through a variable: a pipe would put a cut-off text into place when awk ends early. */
const rewriting = (spec: Spec) => sh`
  path=${spec.path}
  [ -e "$path" ] || { : >"$path"; chmod 644 "$path"; }
  block=${spec.state === 'present' ? `${BEGIN}\n${blockOf(spec)}${END}\n` : ''}
  export block
  text=$(awk -v first=${BEGIN} -v last=${END} '
    $0 == first { printf "%s", ENVIRON["block"]; inside = seen = 1 }
    !inside { print }
    $0 == last { inside = 0 }
    END { if (!seen) printf "%s", ENVIRON["block"]; print "." }' "$path")
  # shellcheck disable=SC2046 # three words
  set -- $(stat -c '%a %u %g' "$path")
  printf '%s' "\${text%.}" | place "$path" "$1" "$2" "$3"`;
