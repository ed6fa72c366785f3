import { type Script, sh } from '#src/shell/script.ts';
import { deletion, differences } from './changes.ts';
import type { Change, FieldChange } from './kind.ts';
import { octal } from './schemas.ts';

/** What is at a path; a symlink is not followed. */
export interface FileState {
  type: 'none' | 'file' | 'directory' | 'symlink' | 'other';
  mode: string;
  owner: string;
  group: string;
  uid: string;
  gid: string;
  /** Of a regular file; empty otherwise. */
  sha256: string;
}

export interface WantedOwner {
  mode: number;
  owner: string;
  group: string;
}

export const probeFiles = (paths: readonly string[]): Script => sh`file_states ${paths}`;

export function parseFileState(record: readonly string[]): FileState {
  const [type = '', mode = '', owner = '', group = '', uid = '', gid = '', sha256 = ''] = record;
  return { type: typeOf(type), mode, owner, group, uid, gid, sha256 };
}

function typeOf(word: string): FileState['type'] {
  if (word === '') return 'none';
  if (word.startsWith('regular')) return 'file';
  if (word === 'directory') return 'directory';
  return word === 'symbolic link' ? 'symlink' : 'other';
}

/** SHA-256 of nothing. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** What is at the path goes. Of a regular file its content is lost. */
export function fileDeletion(state: FileState): Change | undefined {
  if (state.type === 'none') return undefined;
  if (state.type === 'directory') return deletion(state.type, { note: 'is a directory: will be refused' });
  return deletion(state.type, state.type === 'file' && state.sha256 !== EMPTY ? { destructive: 'its content is lost' } : {});
}

/** Mode, owner and group where they differ. Owners may be wanted by number. */
export function ownerDifferences(state: FileState, wanted: WantedOwner): FieldChange[] {
  return differences({
    mode: [state.mode, octal(wanted.mode)],
    owner: [/^\d+$/.test(wanted.owner) ? state.uid : state.owner, wanted.owner],
    group: [/^\d+$/.test(wanted.group) ? state.gid : state.group, wanted.group],
  });
}

/** Sets mode and owner of what is there already. */
export const ownerScript = (path: string, { mode, owner, group }: WantedOwner): Script => sh`
  chown ${`${owner}:${group}`} ${path}
  chmod ${octal(mode)} ${path}`;

/** A directory is never removed as a file. */
export const fileRemoval = (path: string): Script => sh`
  if [ -d ${path} ] && [ ! -L ${path} ]; then echo ${`${path} is a directory: it is not removed as a file`} >&2; exit 1; fi
  rm -f ${path}`;
