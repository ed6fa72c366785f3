import { z } from 'zod';
import { changeOf, deletion } from './changes.ts';
import { insert } from './edit-lines.ts';
import { type Change, defineKind } from './kind.ts';
import { type BlockState, blockScript, type Markers, parseBlock, probeBlocks } from './marked-block.ts';
import { absolutePath, fileMode, oneLine, presence, script } from './schemas.ts';
import { unifiedDiff } from './unified-diff.ts';

const schema = z
  .strictObject({
    path: absolutePath.describe('The file; a symlink is followed, mode and owner stay'),
    state: presence,
    name: z
      .string()
      .regex(/^[\w.-]+(?: [\w.-]+)*$/, 'the name of a block: words of letters, digits, _ . and -')
      .describe('Tells blocks in one file apart: it stands in the markers'),
    content: z
      .string()
      .regex(/^[^\0\x1e\x1f\r]*$/, 'text without carriage returns and separators')
      .optional()
      .describe('The lines between the markers. No secrets: these have files of their own'),
    comment: oneLine.min(1).default('#').describe('What begins a comment in this file: `#`, `;`, `//`, `<!--`'),
    commentEnd: oneLine.default('').describe('What ends a comment, where it takes that: `-->`'),
    insert: insert.describe('Where it is put when it is not there: `top`, `bottom`, `{after: pattern}`, `{before: pattern}`'),
    create: z.boolean().default(false).describe("Make the file when it is not there, with `mode`, root's"),
    mode: fileMode.default(0o644).describe('Of a file that is made'),
    validate: script
      .optional()
      .describe('Run before the file becomes active, with its path aside in `$candidate`. Its exit status decides'),
  })
  .refine((spec) => spec.state === 'absent' || spec.content !== undefined, { path: ['content'], error: 'a block needs content' })
  .refine((spec) => !linesOf(spec).some((text) => text.startsWith(`${spec.comment} picluster: `)), {
    path: ['content'],
    error: 'a block cannot hold markers of picluster',
  });

type Spec = z.output<typeof schema>;

export const block = defineKind({
  name: 'block',
  summary: "Lines of ours in a file that is somebody else's, between two marker lines; what stands around them is left alone.",
  absent: 'the block goes with its markers, what stands around it stays',
  schema,
  id: (spec) => `${spec.path}:${spec.name}`,
  probe: (specs) => probeBlocks(specs.map(markersOf)),
  parse: parseBlock,

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return state.markers === 'none' ? undefined : deletion('block', withDiff(spec, state, ''));
    if (state.markers === 'whole' && state.block === textOf(spec)) return undefined;
    const action = state.markers === 'none' ? 'create' : 'update';
    return changeOf(action, [{ field: 'block', after: spec.name }], withDiff(spec, state, textOf(spec)));
  },

  apply: (spec, state) => ({
    script: blockScript(markersOf(spec), state, spec.state === 'absent' ? undefined : textOf(spec), {
      insert: spec.insert,
      validate: spec.validate,
      createMode: spec.create ? spec.mode : undefined,
    }),
  }),
  fingerprint: (spec) => `${spec.state} ${textOf(spec)}`,
});

function withDiff(spec: Spec, state: BlockState, wanted: string): Partial<Change> {
  const diff = unifiedDiff(state.block, wanted, spec.path);
  if (state.markers === 'damaged') return { diff, note: 'its markers are damaged: will be refused' };
  return state.hasFile || spec.create ? { diff } : { diff, note: 'the file is not there: will be refused' };
}

const linesOf = ({ content }: { content?: string | undefined }): string[] => (content ?? '').split('\n');

/** Every line ends with a newline. */
const textOf = ({ content = '' }: Spec): string => (content === '' || content.endsWith('\n') ? content : `${content}\n`);

function markersOf({ path, name, comment, commentEnd }: Spec): Markers {
  const marker = (word: string): string => [comment, `picluster: ${word} ${name}`, commentEnd].filter(Boolean).join(' ');
  return { path, begin: marker('begin'), end: marker('end'), prefix: `${comment} picluster: ` };
}
