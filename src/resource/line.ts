import { z } from 'zod';
import { joinScripts, sh } from '#src/shell/script.ts';
import { editLines, insert, pattern } from './edit-lines.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, fileMode, oneLine, presence, script } from './schemas.ts';

const schema = z
  .strictObject({
    path: absolutePath.describe('The file; a symlink is followed, mode and owner stay'),
    state: presence,
    line: oneLine.min(1).optional().describe('The line as it has to stand there'),
    match: pattern
      .optional()
      .describe('Lines that this one stands for: the first becomes it, further ones go. With `absent`, all of them go.'),
    insert: insert.describe('Where it is put when no line matches: `top`, `bottom`, `{after: pattern}`, `{before: pattern}`'),
    create: z.boolean().default(false).describe("Make the file when it is not there, with `mode`, root's."),
    mode: fileMode.default(0o644).describe('Of a file that is made'),
    validate: script
      .optional()
      .describe('Run before the file becomes active, with its path aside in `$candidate`. Its exit status decides.'),
  })
  .refine((spec) => spec.line !== undefined || (spec.state === 'absent' && spec.match !== undefined), {
    path: ['line'],
    error: 'needs a line; to remove lines, a line or a match',
  });

interface State {
  hasFile: boolean;
  hasLine: boolean;
  /** Lines that match and are not the line itself. */
  others: string;
}

export const line = defineKind({
  name: 'line',
  summary: "One line of a file that is somebody else's; mode and owner stay, a symlink is followed.",
  absent: 'all lines that match go, and the line itself',
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

  apply: (spec) => ({
    script: editLines({
      ...spec,
      createMode: spec.create ? spec.mode : undefined,
      replaced: sh`
        [ -z ${spec.match ?? ''} ] || numbers -E -e ${spec.match ?? ''}
        [ -z ${spec.line ?? ''} ] || numbers -Fx -e ${spec.line ?? ''}`,
      text: spec.state === 'present' ? spec.line : undefined,
    }),
  }),
  fingerprint: ({ state: wanted, line: text, match }) => JSON.stringify([wanted, text, match]),
});
