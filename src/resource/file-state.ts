import { type Script, sh } from '#src/shell/script.ts';
import { differences } from './changes.ts';
import type { FieldChange } from './kind.ts';
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
