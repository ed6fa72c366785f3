import { z } from 'zod';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { changeOf, deletion } from './changes.ts';
import { artifactSource, fetching, placeOf, shortSum } from './fetch.ts';
import {
  type FileState,
  fileDeletion,
  fileRemoval,
  ownerDifferences,
  ownerScript,
  parseFileState,
  probeFiles,
} from './file-state.ts';
import { type ArtifactSource, type Change, defineKind } from './kind.ts';
import { absolutePath, fileMode, octal, ownerName, presence } from './schemas.ts';

const schema = z
  .strictObject({
    path: absolutePath.describe('Where it is put; missing parents are made'),
    state: presence,
    source: artifactSource.optional().describe('URLs in the order they are tried, SHA-256 and name'),
    mode: fileMode.default(0o644).describe('Permission bits'),
    owner: ownerName.default('root').describe('A user, by name or number'),
    group: ownerName.default('root').describe('A group, by name or number'),
  })
  .refine((spec) => spec.state === 'absent' || spec.source !== undefined, {
    path: ['source'],
    error: 'a download needs a source',
  });

type Spec = z.output<typeof schema>;

export const download = defineKind({
  name: 'download',
  summary: 'An artifact, known by its checksum: fetched by the node itself, pushed from here when it has no way out.',
  absent: 'the file is removed',
  schema,
  id: (spec) => spec.path,
  probe: (specs) => probeFiles(specs.map((spec) => spec.path)),
  parse: parseFileState,

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent' || !spec.source)
      return state.type !== 'none' && isSame(spec, state) ? deletion(state.type) : fileDeletion(state);
    if (isSame(spec, state)) return changeOf('update', ownerDifferences(state, spec));
    const artifact = {
      field: 'artifact',
      before: state.sha256 ? shortSum(state.sha256) : undefined,
      after: `${spec.source.name} ${shortSum(spec.source.sha256)}`,
    };
    if (state.type === 'none') return { action: 'create', fields: [artifact] };
    return {
      action: 'update',
      fields: [artifact, ...(state.type === 'file' ? ownerDifferences(state, spec) : [])],
      ...(state.type === 'directory' ? { note: 'is a directory: will be refused' } : {}),
    };
  },

  apply(spec, state) {
    if (spec.state === 'absent' || !spec.source) return { script: fileRemoval(spec.path) };
    if (isSame(spec, state)) return { script: ownerScript(spec.path, spec) };
    return {
      script: downloading(spec, spec.source),
      fallback: {
        uploads: [{ source: spec.source, path: spec.path, mode: spec.mode }],
        script: joinScripts([ownerScript(spec.path, spec), sh`remember_sum ${spec.path} ${spec.source.sha256}`]),
      },
      timeoutMs: 30 * 60_000,
    };
  },

  fingerprint: (spec) => `${spec.source?.sha256 ?? 'absent'} ${octal(spec.mode)} ${spec.owner}:${spec.group}`,
});

const isSame = (spec: Spec, state: FileState): boolean => state.type === 'file' && state.sha256 === spec.source?.sha256;

function downloading(spec: Spec, source: ArtifactSource): Script {
  const { directory, base } = placeOf(spec.path);
  const aside = `${directory}/.picluster.${base}.part`;
  return joinScripts([
    sh`
      path=${spec.path}
      if [ -d "$path" ] && [ ! -L "$path" ]; then echo "$path is a directory: it is not replaced by a file" >&2; exit 1; fi
      mkdir -p ${directory || '/'}
      rm -f ${directory}/.${base}.picluster-???????? # left behind by an upload that was cut off`,
    fetching(
      source,
      aside,
      // Mode and owner before the rename: what is at the path is always whole.
      joinScripts([
        ownerScript(aside, spec),
        sh`
          sync "$aside" 2>/dev/null || sync
          rename_over "$aside" "$path"
          remember_sum "$path" "$wanted"`,
      ]),
    ),
  ]);
}
