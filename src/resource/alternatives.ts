import { z } from 'zod';
import { joinScripts, rawScript, sh } from '#src/shell/script.ts';
import { changeOf, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, presence } from './schemas.ts';

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.+-]*$/, 'the name of a link group')
      .describe('The link group: `editor`, `iptables`'),
    state: presence,
    path: absolutePath.optional().describe('What the link points to'),
    link: absolutePath
      .optional()
      .describe('The link itself: given, a path that the group does not know yet is registered with it'),
    priority: z.int().default(50).describe('Of a path that is registered: the highest is taken in automatic mode'),
  })
  .refine((spec) => spec.state === 'absent' || spec.path !== undefined, { path: ['path'], error: 'an alternative needs a path' });

interface State {
  /** `auto`, `manual`; empty: there is no such group. */
  mode: string;
  value: string;
  choices: string[];
}

export const alternatives = defineKind({
  name: 'alternatives',
  summary: "What a link of Debian's alternatives points to, by our choice. Source: update-alternatives(1).",
  absent: 'automatic mode: the alternative of the highest priority',
  schema,
  comesWithOthers: true,
  id: (spec) => spec.name,

  probe: (specs) => sh`
    for name in ${specs.map((spec) => spec.name)}; do
      { update-alternatives --query "$name" 2>/dev/null || :; } | awk '
        $1 == "Status:" { mode = $2 }
        $1 == "Value:" { value = $2 }
        $1 == "Alternative:" { choices = choices $2 "\n" }
        END { printf "%s\037%s\037%s\037\036", mode, value, choices }'
    done`,
  parse: ([mode = '', value = '', choices = '']): State => ({ mode, value, choices: choices.split('\n').filter(Boolean) }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') {
      if (state.mode !== 'manual') return undefined;
      return { action: 'delete', fields: [{ field: 'mode', before: `manual (${state.value})`, after: 'auto' }] };
    }
    const isKnown = state.choices.includes(spec.path ?? '');
    const fields = differences({ path: [state.value || undefined, spec.path], mode: [state.mode || undefined, 'manual'] });
    return changeOf(
      isKnown ? 'update' : 'create',
      fields,
      isKnown || spec.link ? {} : { note: 'not among the choices: will be refused' },
    );
  },

  apply: ({ name, state: wanted, path = '', link = '', priority }) => ({
    script: joinScripts([
      sh`name=${name} path=${path} link=${link} priority=${priority}`,
      rawScript(wanted === 'absent' ? 'update-alternatives --quiet --auto "$name"' : CHOOSE),
    ]),
  }),
  fingerprint: (spec) => `${spec.state} ${spec.path}`,
});

const CHOOSE = `
if ! command -v update-alternatives >/dev/null 2>&1; then
  echo 'there is no update-alternatives here: it is of Debian and its kin; a symlink may do' >&2
  exit 1
fi
if [ ! -e "$path" ]; then echo "there is no $path" >&2; exit 1; fi
if ! update-alternatives --query "$name" 2>/dev/null | grep -Fxq "Alternative: $path"; then
  if [ -z "$link" ]; then echo "$name has no alternative $path; to register it, say its link, too" >&2; exit 1; fi
  update-alternatives --quiet --install "$link" "$name" "$path" "$priority"
fi
update-alternatives --quiet --set "$name" "$path"`;
