import { z } from 'zod';
import { type Script, sh } from '#src/shell/script.ts';
import { changeOf, deletion, differences } from './changes.ts';
import { type Change, defineKind } from './kind.ts';
import { absolutePath, oneLine, presence } from './schemas.ts';

const schema = z
  .strictObject({
    path: absolutePath.describe('Where it is'),
    state: presence,
    target: oneLine.min(1).optional().describe('What it points to, as it stands in the link'),
  })
  .refine((spec) => spec.state === 'absent' || spec.target !== undefined, {
    path: ['target'],
    error: 'a symlink needs a target',
  });

interface State {
  type: 'none' | 'symlink' | 'directory' | 'file';
  target: string;
}

export const symlink = defineKind({
  name: 'symlink',
  summary: 'A symbolic link. A file at its path is replaced (the plan says so), a directory never.',
  absent: 'removed; a file or a directory at its path is refused',
  schema,
  comesWithOthers: true,
  id: (spec) => spec.path,

  probe: (specs) => sh`
    for path in ${specs.map((spec) => spec.path)}; do
      if [ -L "$path" ]; then record symlink "$(readlink "$path")"
      elif [ -d "$path" ]; then record directory ''
      elif [ -e "$path" ]; then record file ''
      else record none ''
      fi
    done`,
  parse: ([type = 'none', target = '']): State => ({ type: type as State['type'], target }),

  diff(spec, state): Change | undefined {
    if (spec.state === 'absent') return absence(state);
    const before = state.type === 'symlink' ? state.target : undefined;
    const fields = differences({ target: [before, spec.target] });
    if (state.type === 'file') return changeOf('update', fields, { destructive: 'replaces a file' });
    if (state.type === 'directory') return changeOf('update', fields, { note: 'is a directory: will be refused' });
    return changeOf(state.type === 'none' ? 'create' : 'update', fields);
  },

  apply({ path, state: wanted, target }) {
    const refuse = sh`
      if [ -d ${path} ] && [ ! -L ${path} ]; then echo ${`${path} is a directory: it is not replaced`} >&2; exit 1; fi`;
    if (wanted === 'absent') return { script: removal(path) };
    const aside = `${path.slice(0, path.lastIndexOf('/'))}/.picluster.${path.slice(path.lastIndexOf('/') + 1)}.link`;
    return {
      script: sh`
        ${refuse}
        rm -f ${aside}
        ln -s ${target} ${aside}
        rename_over ${aside} ${path}`,
    };
  },

  fingerprint: (spec) => `${spec.state} ${spec.target}`,
});

function absence({ type }: State): Change | undefined {
  if (type === 'none') return undefined;
  return deletion(type, type === 'symlink' ? {} : { note: `is a ${type}: will be refused` });
}

const removal = (path: string): Script => sh`
  if [ -e ${path} ] && [ ! -L ${path} ]; then echo ${`${path} is not a symlink: it is not removed`} >&2; exit 1; fi
  rm -f ${path}`;
