import { type FileHandle, open } from 'node:fs/promises';
import type { Mistake } from '#src/errors.ts';
import { type Path, type Place, parseYaml, showPath, type YamlSource } from '#src/yaml/source.ts';
import { ROTATIONS } from './reserved.ts';
import { Secret } from './secret.ts';
import { type SecretStore, secretPath, secretStore } from './store.ts';

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
  const found: Found = { secrets: new Map(), places: new Map(), mistakes: [...source.mistakes] };
  const rotated: Found = { secrets: new Map(), places: new Map(), mistakes: found.mistakes };
  if (isMap(source.data)) {
    const { [ROTATIONS]: rotations, ...data } = source.data;
    collect(source, data, [], found);
    if (rotations !== undefined) collectRotated(source, rotations, rotated);
  } else if (source.data !== undefined) {
    found.mistakes.push({ file, line: 1, column: 1, path: '', message: 'must be a map: lines of key: value' });
  }
  const { secrets, places, mistakes } = found;
  return { store: secretStore(file, secrets, { places, rotated: [...rotated.secrets.values()] }), mistakes };
}

function collectRotated(source: YamlSource, rotations: unknown, rotated: Found): void {
  const entries = isMap(rotations) ? Object.entries(rotations) : [['', rotations] as const];
  for (const [name, rotation] of entries) {
    const path = name === '' ? [ROTATIONS] : [ROTATIONS, name];
    if (isMap(rotation) && typeof rotation.since === 'string' && isMap(rotation.old))
      collect(source, rotation.old, [...path, 'old'], rotated);
    else
      rotated.mistakes.push({
        ...source.keyPlace(path),
        path: showPath(path),
        message: 'is not what picluster vault rotate wrote there',
      });
  }
}

interface Found {
  readonly secrets: Map<string, Secret>;
  readonly places: Map<string, Place>;
  readonly mistakes: Mistake[];
}

const NAME = /^[\w.@/-]+$/;
const NO_NAME = 'what stands here as a name has characters other than letters, digits and _ - . @ /; text needs quotes';

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function collect(source: YamlSource, value: unknown, path: Path, found: Found): void {
  const { secrets, places, mistakes } = found;
  const place = source.keyPlace(path);
  const name = secretPath(showPath(path));
  if (isMap(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (NAME.test(key)) collect(source, inner, [...path, key], found);
      // It may be a value whose quotes are missing: it is not repeated.
      else mistakes.push({ ...source.keyPlace([...path, key]), path: showPath(path), message: NO_NAME });
    }
  } else if (typeof value === 'string' && value !== '') {
    if (secrets.has(name)) mistakes.push({ ...place, path: name, message: 'is there twice: / and . part names alike' });
    secrets.set(name, new Secret(value, name));
    places.set(name, place);
  } else if (value !== undefined) {
    const message =
      value === '' || value === null
        ? 'is empty'
        : Array.isArray(value)
          ? 'must be text, not a list'
          : `must be text, not a ${typeof value}: put it in quotes`;
    mistakes.push({ ...place, path: showPath(path), message });
  }
}
