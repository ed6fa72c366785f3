import { z } from 'zod';
import { Secret } from '#src/secrets/secret.ts';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { type Content, contentDigest, maskContent, secretsOf } from '#src/template/content.ts';
import { changeOf, differences } from './changes.ts';
import {
  type FileState,
  fileDeletion,
  fileRemoval,
  ownerDifferences,
  ownerScript,
  parseFileState,
  probeFiles,
} from './file-state.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, content, fileMode, octal, ownerName, presence, script } from './schemas.ts';
import { SHOW_TEXT, sizesInstead } from './shown-text.ts';
import { unifiedDiff } from './unified-diff.ts';

const schema = z
  .strictObject({
    path: absolutePath.describe('Where it is; its directory must be there'),
    state: presence,
    content: content.optional().describe('Text, or what a template rendered to.'),
    mode: fileMode.optional().describe('Default 0644; 0600 when there is a secret in it.'),
    owner: ownerName.default('root').describe('A user, by name or number'),
    group: ownerName.default('root').describe('A group, by name or number'),
    validate: script
      .optional()
      .describe(
        'Run before the file becomes active, with its path aside in `$candidate`: `visudo -cqf "$candidate"`. Its exit status decides.',
      ),
  })
  .refine((spec) => spec.state === 'absent' || spec.content !== undefined, { path: ['content'], error: 'a file needs content' })
  .transform((spec) => ({ ...spec, mode: spec.mode ?? (isSecret(spec) ? 0o600 : 0o644) }))
  .refine((spec) => !isSecret(spec) || (spec.mode & 0o077) === 0, {
    path: ['mode'],
    error: 'a file with a secret is 0600 or stricter',
  });

type Spec = z.output<typeof schema>;

export const file = defineKind({
  name: 'file',
  summary: 'A regular file. A symlink at its path is replaced, a directory never. Its directory must be there.',
  absent: 'removed; also a symlink, never a directory',
  schema,
  id: (spec) => spec.path,
  probe: (specs) => probeFiles(specs.map((spec) => spec.path)),
  parse: parseFileState,

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return fileDeletion(state);
    const fields = state.type === 'file' ? ownerDifferences(state, spec) : replacedType(state);
    if (isSame(spec, state)) return changeOf('update', fields);
    const change: Change = { action: state.type === 'none' ? 'create' : 'update', fields: [...fields, { field: 'content' }] };
    return {
      ...change,
      ...(isSecret(spec) ? { diff: 'content (secret)' } : {}),
      ...(state.type === 'directory' ? { note: 'is a directory: will be refused' } : {}),
    };
  },

  detail: (specs) => joinScripts([SHOW_TEXT, ...specs.map((spec) => sh`show_text ${isSecret(spec) ? '' : spec.path}`)]),
  explain(spec, oldText) {
    if (isSecret(spec)) return '';
    const newText = maskContent(spec.content ?? '');
    return sizesInstead(oldText, newText) ?? unifiedDiff(oldText, newText, spec.path);
  },

  apply(spec, state) {
    if (spec.state === 'absent') return { script: fileRemoval(spec.path) };
    if (isSame(spec, state)) return { script: ownerScript(spec.path, spec) };
    return { script: placement(spec), stdin: spec.content };
  },

  fingerprint: (spec) =>
    spec.state === 'absent' ? 'absent' : `${contentDigest(spec.content ?? '')} ${octal(spec.mode)} ${spec.owner}:${spec.group}`,
});

const isSecret = (spec: { content?: Content | undefined }): boolean => secretsOf(spec.content ?? '').length > 0;

const isSame = (spec: Spec, state: FileState): boolean =>
  state.type === 'file' && state.sha256 === contentDigest(spec.content ?? '');

const replacedType = (state: FileState) => (state.type === 'none' ? [] : differences({ type: [state.type, 'file'] }));

/** What arrived is checked before anything else: a text cut off on its way must not become the file. Its digest may be a secret's. */
function placement(spec: Spec): Script {
  const digest = new Secret(contentDigest(spec.content ?? ''), 'digest');
  return joinScripts([
    sh`
      check() {
        candidate=$1
        got=$(sha256sum <"$candidate")
        if [ "\${got%% *}" != ${digest} ]; then echo 'the content did not arrive whole' >&2; return 1; fi`,
    spec.validate ?? sh`:`,
    sh`
      }
      place ${spec.path} ${octal(spec.mode)} ${spec.owner} ${spec.group} check`,
  ]);
}
