import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Mistake } from '#src/errors.ts';
import { pathExists } from '#src/path-exists.ts';
import type { Role } from '#src/role/role.ts';
import { roleProblems } from './check.ts';
import { resolvePiclusterFor } from './resolve.ts';

export const ROLES_FOLDER = 'roles';
export const ROLE_FILE = 'role.ts';

export interface UserRoles {
  readonly roles: readonly Role[];
  readonly mistakes: readonly Mistake[];
  /** Roles that could not be loaded: known by name, so that only their own mistake is told. */
  readonly broken: readonly string[];
}

/**
 * Loads `roles/NAME/role.ts` of a cluster directory. Runs their code: it is the operator's own. Whatever is wrong with one is a mistake, never thrown.
 * @param taken names and namespaces that are in use already
 */
export async function loadUserRoles(directory: string, taken: ReadonlySet<string>): Promise<UserRoles> {
  const folder = join(directory, ROLES_FOLDER);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return [];
  });
  const names = entries
    .filter((entry) => entry.isDirectory() && !/^[._]|^node_modules$/.test(entry.name))
    .map(({ name }) => name);
  const stray = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts')).map(({ name }) => name);
  const mistakes = stray.map((name) =>
    mistake(`${ROLES_FOLDER}/${name}`, `is not read: a role is ${ROLES_FOLDER}/NAME/${ROLE_FILE}`),
  );
  if (names.length > 0) resolvePiclusterFor(folder);
  const roles: Role[] = [];
  const broken: string[] = [];
  const used = new Set(taken);
  for (const name of names.sort()) {
    const loaded = await loadRole(folder, name, used);
    if ('role' in loaded) {
      roles.push(loaded.role);
      used.add(loaded.role.namespace);
    } else {
      broken.push(name);
      mistakes.push(...loaded.mistakes);
    }
  }
  return { roles, mistakes, broken };
}

async function loadRole(
  folder: string,
  name: string,
  taken: ReadonlySet<string>,
): Promise<{ role: Role } | { mistakes: Mistake[] }> {
  const file = `${ROLES_FOLDER}/${name}/${ROLE_FILE}`;
  const path = join(folder, name, ROLE_FILE);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) return { mistakes: [mistake(file, `"${name}" must be a name of a-z, 0-9 and -`)] };
  if (taken.has(name))
    return { mistakes: [mistake(file, `there is a role "${name}" in picluster already: choose another name`)] };
  if (!(await pathExists(path))) return { mistakes: [mistake(file, 'is missing')] };
  try {
    const loaded: { default?: unknown } = await import(pathToFileURL(path).href);
    const problems = roleProblems(loaded.default, name, taken);
    if (problems.length > 0) return { mistakes: problems.map((problem) => mistake(file, problem)) };
    return { role: loaded.default as Role };
  } catch (error) {
    return { mistakes: [thrown(error, folder, name)] };
  }
}

const mistake = (file: string, message: string, line = 1, column = 1): Mistake => ({ file, line, column, path: '', message });

/** Where in the role's own files an error came from: the first place of its stack that lies there, as a path or as a URL. */
function thrown(error: unknown, folder: string, name: string): Mistake {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const text = `cannot be loaded: ${message.split('\n')[0]}`;
  const file = (inner: string): string => `${ROLES_FOLDER}/${name}/${inner}`;
  for (const line of stack.split('\n')) {
    const below = [pathToFileURL(`${join(folder, name)}/`).href, `${join(folder, name)}/`].find((prefix) =>
      line.includes(prefix),
    );
    const place = below && /^([^:\s)]+):(\d+)(?::(\d+))?/.exec(line.slice(line.indexOf(below) + below.length));
    if (place) return mistake(file(decodeURIComponent(place[1] ?? ROLE_FILE)), text, Number(place[2]), Number(place[3] ?? 1));
  }
  return mistake(file(ROLE_FILE), text);
}
