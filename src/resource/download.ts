import { z } from 'zod';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { changeOf, deletion } from './changes.ts';
import {
  type FileState,
  fileDeletion,
  fileRemoval,
  ownerDifferences,
  ownerScript,
  parseFileState,
  probeFiles,
} from './file-state.ts';
import { type ArtifactSource, type Change, defineKind, NO_WAY_OUT } from './kind.ts';
import { absolutePath, fileMode, octal, ownerName, presence } from './schemas.ts';

const sourceSchema: z.ZodType<ArtifactSource> = z.object({
  urls: z.array(z.url({ protocol: /^https?$/ })).min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex'),
  name: z.string().min(1),
});

const schema = z
  .strictObject({
    path: absolutePath,
    state: presence,
    source: sourceSchema.optional(),
    mode: fileMode.default(0o644),
    owner: ownerName.default('root'),
    group: ownerName.default('root'),
  })
  .refine((spec) => spec.state === 'absent' || spec.source !== undefined, {
    path: ['source'],
    error: 'a download needs a source',
  });

type Spec = z.output<typeof schema>;

/** An artifact, known by its checksum: fetched by the node itself, pushed from here when it has no way out. */
export const download = defineKind({
  name: 'download',
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
      before: state.sha256 ? short(state.sha256) : undefined,
      after: `${spec.source.name} ${short(spec.source.sha256)}`,
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
      script: fetching(spec, spec.source),
      fallback: {
        uploads: [{ source: spec.source, path: spec.path, mode: spec.mode }],
        script: joinScripts([ownerScript(spec.path, spec), sh`remember_sum ${spec.path} ${spec.source.sha256}`]),
      },
      timeoutMs: 30 * 60_000,
    };
  },

  fingerprint: (spec) => `${spec.source?.sha256 ?? 'absent'} ${octal(spec.mode)} ${spec.owner}:${spec.group}`,
});

const short = (sha256: string): string => sha256.slice(0, 12);

const isSame = (spec: Spec, state: FileState): boolean => state.type === 'file' && state.sha256 === spec.source?.sha256;

/**
 * Each URL in order, into a file aside. Unreachable ones are passed over; when none is left the node has no way out. A wrong checksum
 * ends it: then somebody serves something else, and asking others would hide that.
 */
function fetching(spec: Spec, { urls, sha256 }: ArtifactSource): Script {
  const slash = spec.path.lastIndexOf('/');
  const aside = `${spec.path.slice(0, slash)}/.picluster.${spec.path.slice(slash + 1)}.part`;
  return joinScripts([
    sh`
      path=${spec.path} aside=${aside} wanted=${sha256}
      if [ -d "$path" ] && [ ! -L "$path" ]; then echo "$path is a directory: it is not replaced by a file" >&2; exit 1; fi
      mkdir -p ${spec.path.slice(0, slash) || '/'}
      fetch() {
        if command -v curl >/dev/null 2>&1; then
          curl -fsSL --connect-timeout 10 --speed-limit 1024 --speed-time 30 --retry 2 -o "$aside" "$1"
        elif command -v wget >/dev/null 2>&1; then
          wget -q -T 30 -O "$aside" "$1"
        else
          echo 'neither curl nor wget is installed' >&2; return 1
        fi
      }
      for url in ${urls}; do
        rm -f "$aside"
        fetched=0
        fetch "$url" || fetched=$?
        case $fetched in
          0) ;;
          3 | 23) # wget and curl: what came could not be written. What the disk says to it, the next one says aloud.
            head -c 65536 /dev/zero >>"$aside" || true
            rm -f "$aside"
            echo "cannot write to \${aside%/*}" >&2
            exit 1 ;;
          *) echo "not reachable: $url"; continue ;;
        esac
        got=$(sha256sum <"$aside"); got=\${got%% *}
        if [ "$got" != "$wanted" ]; then
          size=$(wc -c <"$aside")
          rm -f "$aside"
          echo "wrong checksum from $url: wanted sha256 $wanted, got $got ($size bytes)" >&2
          exit 1
        fi`,
    // Mode and owner before the rename: what is at the path is always whole.
    ownerScript(aside, spec),
    sh`
        sync "$aside" 2>/dev/null || sync
        rename_over "$aside" "$path"
        remember_sum "$path" "$wanted"
        exit 0
      done
      rm -f "$aside"
      exit ${NO_WAY_OUT}`,
  ]);
}
