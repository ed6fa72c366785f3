import { type FileHandle, open } from 'node:fs/promises';
import type { Mistake } from '#src/errors.ts';
import { type Path, parseYaml, showPath, type YamlSource } from '#src/yaml/source.ts';
import { ROTATIONS } from './reserved.ts';
import { Secret } from './secret.ts';
import { type SecretStore, secretStore } from './store.ts';

export interface SecretsRead {
  store: SecretStore;
  mistakes: readonly Mistake[];
}

/**
 * Reads a plain file of secrets: maps of text. It must belong to whoever runs this (or root) and be closed to everybody else.
 * No file, no secrets. `file` is its name in messages, which never repeat a value.
 */
export async function readSecretsFile(path: string, file: string): Promise<SecretsRead> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { store: secretStore(file, new Map()), mistakes: [] };
    return refused(file, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    // The open file is looked at, not its name: nothing can change in between.
    const { mode, uid } = await handle.stat();
    const me = process.getuid?.() ?? uid;
    if (uid !== me && uid !== 0) return refused(file, `belongs to another user (uid ${uid}): chown it to yourself`);
    if ((mode & 0o077) !== 0) {
      const found = (mode & 0o777).toString(8).padStart(4, '0');
      return refused(file, `others can read it (mode ${found}): chmod 600 ${file}, and change secrets that were exposed`);
    }
    return parseSecrets(file, await handle.readFile('utf8'));
  } finally {
    await handle.close();
  }
}

function refused(file: string, message: string): SecretsRead {
  return { store: secretStore(file, new Map()), mistakes: [{ file, line: 1, column: 1, path: '', message }] };
}

/** Text of a secrets file -> secrets by dotted path. */
export function parseSecrets(file: string, text: string): SecretsRead {
  const source = parseYaml(file, text, { isSecret: true });
  const secrets = new Map<string, Secret>();
  const rotated = new Map<string, Secret>();
  const mistakes = [...source.mistakes];
  if (isMap(source.data)) {
    const { [ROTATIONS]: rotations, ...data } = source.data;
    collect(source, data, [], secrets, mistakes);
    if (rotations !== undefined) collectRotated(source, rotations, rotated, mistakes);
  } else if (source.data !== undefined) {
    mistakes.push({ file, line: 1, column: 1, path: '', message: 'must be a map: lines of key: value' });
  }
  return { store: secretStore(file, secrets, [...rotated.values()]), mistakes };
}

function collectRotated(source: YamlSource, rotations: unknown, rotated: Map<string, Secret>, mistakes: Mistake[]): void {
  const entries = isMap(rotations) ? Object.entries(rotations) : [['', rotations] as const];
  for (const [name, rotation] of entries) {
    const path = name === '' ? [ROTATIONS] : [ROTATIONS, name];
    if (isMap(rotation) && typeof rotation.since === 'string' && isMap(rotation.old))
      collect(source, rotation.old, [...path, 'old'], rotated, mistakes);
    else
      mistakes.push({
        ...source.keyPlace(path),
        path: showPath(path),
        message: 'is not what picluster vault rotate wrote there',
      });
  }
}

const NAME = /^[\w.@/-]+$/;
const NO_NAME = 'what stands here as a name has characters other than letters, digits and _ - . @ /; text needs quotes';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function collect(source: YamlSource, value: unknown, path: Path, secrets: Map<string, Secret>, mistakes: Mistake[]): void {
  if (isMap(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (NAME.test(key)) collect(source, inner, [...path, key], secrets, mistakes);
      // It may be a value whose quotes are missing: it is not repeated.
      else mistakes.push({ ...source.keyPlace([...path, key]), path: showPath(path), message: NO_NAME });
    }
  } else if (typeof value === 'string' && value !== '') {
    secrets.set(showPath(path), new Secret(value, showPath(path)));
  } else if (value !== undefined) {
    const message =
      value === '' || value === null
        ? 'is empty'
        : Array.isArray(value)
          ? 'must be text, not a list'
          : `must be text, not a ${typeof value}: put it in quotes`;
    mistakes.push({ ...source.keyPlace(path), path: showPath(path), message });
  }
}
