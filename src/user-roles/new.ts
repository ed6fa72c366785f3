import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from '#src/errors.ts';
import { pathExists } from '#src/path-exists.ts';
import { ROLE_FILE, ROLES_FOLDER } from './load.ts';
import { namespaceOf } from './namespace.ts';

/** The files of a new role by their path below `roles/NAME`: one that writes a configuration file from a template. Pure. */
export function newRoleFiles(name: string): Record<string, string> {
  return {
    [ROLE_FILE]: `import { defineRole, directory, file, step, template } from 'picluster';
import { z } from 'zod';

const conf = template<{ greeting: string; host: string }>(import.meta.url, '${name}.conf.hbs');

/** One sentence: what a machine has once this role is done. */
export default defineRole({
  name: '${name}',
  // Its variables stand under this key in group_vars, host_vars and cluster.yaml.
  namespace: '${namespaceOf(name)}',
  vars: z.strictObject({
    greeting: z.string().default('hello').describe('First line of the file'),
  }),
  // A pure function: no files are read and no machine is asked here. Each step waits for the one before it.
  steps({ host, vars }) {
    const path = '/etc/${name}/${name}.conf';
    return [
      step(directory({ path: '/etc/${name}', mode: 0o755 })),
      step(file({ path, content: conf({ greeting: vars.greeting, host: host.name }), mode: 0o644 })),
    ];
  },
});
`,
    [`templates/${name}.conf.hbs`]: '# Written by picluster.\n{{greeting}} from {{host}}\n',
  };
}

/** Settings for editors: where the types of picluster and zod lie on this machine. Not for git. */
export function editorSettings(): string {
  const of = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const settings = {
    compilerOptions: {
      target: 'esnext',
      module: 'preserve',
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [of('../../node_modules/@types')],
      paths: { picluster: [of('../index.ts')], zod: [fileURLToPath(new URL('.', import.meta.resolve('zod')))] },
    },
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/**
 * Writes a new role into a cluster directory, whole or not at all. Resolves to the paths written, relative to it.
 * Throws UsageError for a name that cannot be one, or is taken.
 */
export async function writeNewRole(cluster: string, name: string, taken: ReadonlySet<string>): Promise<string[]> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new UsageError(`"${name}" must be a name of a-z, 0-9 and -`);
  const folder = join(cluster, ROLES_FOLDER);
  const isThere = await pathExists(join(folder, name));
  if (isThere || taken.has(name) || taken.has(namespaceOf(name)))
    throw new UsageError(`there is a role or a key "${isThere || taken.has(name) ? name : namespaceOf(name)}" already`, {
      hint: 'choose another name: it is also the key of the variables',
    });
  const aside = join(folder, `.${name}.new`);
  await rm(aside, { recursive: true, force: true });
  const files = newRoleFiles(name);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(aside, path)), { recursive: true });
    await writeFile(join(aside, path), text);
  }
  await rename(aside, join(folder, name));
  await writeFile(join(folder, 'tsconfig.json'), editorSettings());
  await writeFile(
    join(folder, '.gitignore'),
    '# Made by `picluster role new`: where picluster lies on this machine.\ntsconfig.json\n.gitignore\n',
  );
  return Object.keys(files).map((path) => join(ROLES_FOLDER, name, path));
}
