import { z } from 'zod';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import { changeOf, deletion, differences } from './changes.ts';
import { type FileState, ownerDifferences, ownerScript, parseFileState, probeFiles } from './file-state.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, fileMode, octal, ownerName, presence } from './schemas.ts';

const schema = z.strictObject({
  path: absolutePath.describe('Where it is'),
  state: presence,
  mode: fileMode.default(0o755).describe('Permission bits'),
  owner: ownerName.default('root').describe('A user, by name or number'),
  group: ownerName.default('root').describe('A group, by name or number'),
  purge: z.boolean().default(false).describe('With `state: absent`: also when there is something in it.'),
});

type Spec = z.output<typeof schema>;

export const directory = defineKind({
  name: 'directory',
  summary: 'A directory; missing parents are made with mode 0755.',
  absent: 'removed when it is empty; with `purge` whatever is in it',
  schema,
  comesWithOthers: true,
  id: (spec) => spec.path,
  probe: (specs) => probeFiles(specs.map((spec) => spec.path)),
  parse: parseFileState,

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return absence(spec, state);
    if (state.type === 'directory') return changeOf('update', ownerDifferences(state, spec));
    if (state.type === 'none') return { action: 'create', fields: [{ field: 'mode', after: octal(spec.mode) }] };
    return {
      action: 'update',
      fields: differences({ type: [state.type, 'directory'] }),
      note: `is a ${state.type}: will be refused`,
    };
  },

  apply: (spec) => ({ script: spec.state === 'absent' ? removal(spec) : creation(spec) }),
  fingerprint: (spec) => `${spec.state} ${octal(spec.mode)} ${spec.owner}:${spec.group}`,
});

function absence(spec: Spec, state: FileState): Change | undefined {
  if (state.type === 'none') return undefined;
  if (state.type !== 'directory') return deletion(state.type, { note: `is a ${state.type}: will be refused` });
  return deletion(state.type, spec.purge ? { destructive: 'with everything in it' } : {});
}

/** Never into another file system that is mounted below, where rm can be told so. */
const removal = ({ path, purge }: Spec): Script => sh`
  if [ -L ${path} ] || [ ! -d ${path} ]; then
    [ ! -e ${path} ] || { echo ${`${path} is not a directory: it is not removed`} >&2; exit 1; }
  elif [ ${purge ? 'purge' : 'empty'} = empty ]; then
    rmdir ${path}
  else
    if rm --help 2>&1 | grep -q one-file-system; then set -- --one-file-system; else set --; fi
    rm -rf "$@" ${path}
  fi`;

const creation = (spec: Spec): Script =>
  joinScripts([
    sh`
      if [ ! -d ${spec.path} ] || [ -L ${spec.path} ]; then
        if [ -e ${spec.path} ] || [ -L ${spec.path} ]; then echo ${`${spec.path} is not a directory: it is not replaced`} >&2; exit 1; fi
        mkdir -p ${parentOf(spec.path)}
        mkdir -m 700 ${spec.path}
      fi`,
    ownerScript(spec.path, spec),
  ]);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
