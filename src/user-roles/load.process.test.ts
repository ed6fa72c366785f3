import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { showMistake } from '#src/cluster/findings.ts';
import type { Mistake } from '#src/errors.ts';
import { writeNewRole } from './new.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-roles-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, 'roles', path)), { recursive: true });
    writeFileSync(join(directory, 'roles', path), text);
  }
}

/** Roles are loaded by Node itself: a test runner that transforms modules would not show what users see. */
async function inNode<T>(program: string): Promise<T> {
  const imports = { load: '../user-roles/load.ts', testing: '../../roles/testing.ts' };
  const lines = Object.entries(imports).map(([name, path]) => `import * as ${name} from '${new URL(path, import.meta.url)}';`);
  const { stdout, stderr } = await execa(process.execPath, ['--input-type=module', '-e', [...lines, program].join('\n')]);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const LOAD = () =>
  `const { roles, mistakes, broken } = await load.loadUserRoles(${JSON.stringify(directory)}, new Set(['os', 'ssh']));`;
const load = () =>
  inNode<{ roles: string[]; mistakes: Mistake[]; broken: string[] }>(
    `${LOAD()} console.log(JSON.stringify({ roles: roles.map(({ name }) => name), mistakes, broken }));`,
  );
const mistakesOf = async (files: Record<string, string>): Promise<string[]> => {
  write(files);
  return (await load()).mistakes.map(showMistake);
};
const role = (text: string): string => `import { z } from 'zod';\nexport default { ${text} };\n`;

it('without a folder there are none', async () => {
  expect(await load()).toEqual({ roles: [], mistakes: [], broken: [] });
});

it('a new role is a role: it loads, and writes its file from its template', async () => {
  expect(await writeNewRole(directory, 'my-app', new Set())).toEqual([
    'roles/my-app/role.ts',
    'roles/my-app/templates/my-app.conf.hbs',
  ]);
  const made = await inNode(`${LOAD()}
    const vars = { myApp: { greeting: 'hi' } };
    const steps = testing.stepsOf(roles[0], testing.testCluster({ n1: { vars } }), 'n1');
    console.log(JSON.stringify({ mistakes, names: testing.names(steps), text: testing.textOf(steps, '/etc/my-app/my-app.conf') }));`);
  expect(made).toEqual({
    mistakes: [],
    names: ['directory:/etc/my-app', 'file:/etc/my-app/my-app.conf'],
    text: '# Written by picluster.\nhi from n1\n',
  });
});

it('a new role fits its types, as an editor checks them', async () => {
  await writeNewRole(directory, 'app', new Set());
  const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
  const { stdout } = await execa(process.execPath, [tsc, '-p', join(directory, 'roles')], { reject: false });
  expect(stdout).toBe('');
});

it.each(['My-App', '../x', ''])('refuses the name %j for a new role', async (name) => {
  await expect(writeNewRole(directory, name, new Set())).rejects.toThrow('must be a name');
});

it('refuses a new role where one is', async () => {
  await writeNewRole(directory, 'app', new Set());
  await expect(writeNewRole(directory, 'app', new Set())).rejects.toThrow('already');
  await expect(writeNewRole(directory, 'k3s-x', new Set(['k3sX']))).rejects.toThrow('"k3sX" already');
});

it.each<[string, Record<string, string>, string[]]>([
  ['a file beside the folders', { 'app.ts': '' }, ['roles/app.ts:1:1: is not read: a role is roles/NAME/role.ts']],
  ['a folder without a role', { 'app/README.md': '' }, ['roles/app/role.ts:1:1: is missing']],
  ['a name that is taken', { 'os/role.ts': '' }, ['there is a role "os" in picluster already']],
  ['no default export', { 'a1/role.ts': 'export const x = 1;' }, ['roles/a1/role.ts:1:1: has no default export']],
  [
    'a mistake in its syntax',
    { 'a2/role.ts': 'const x = 1;\nconst y = = 2;\n' },
    ['roles/a2/role.ts:2:1: cannot be loaded: Expression'],
  ],
  ['an error as it loads', { 'a3/role.ts': "\n\nthrow new Error('no');" }, ['roles/a3/role.ts:3:7: cannot be loaded: no']],
  [
    'an error in a file of its own that it imports',
    { 'a4/role.ts': "import './lib.ts';", 'a4/lib.ts': "\nthrow new Error('inner');" },
    ['roles/a4/lib.ts:2:7: cannot be loaded: inner'],
  ],
  [
    'an import that picluster does not have',
    { 'a5/role.ts': "import { nope } from 'picluster';\nnope();" },
    ["cannot be loaded: The requested module 'picluster' does not provide an export named 'nope'"],
  ],
  [
    'everything at once',
    { 'a6/role.ts': role("name: 'b', namespace: 'ssh', vars: z.strictObject({ x: z.string() }), steps: () => []") },
    ['is called "b": a role is called as its folder, "a6"', 'its namespace "ssh" is taken', 'its variable "x" needs a default'],
  ],
  [
    'the wrong shape',
    { 'a7/role.ts': role("name: 'a7', namespace: 'a7', vars: {}, steps: 3") },
    ['the role\'s "vars": must be a zod schema', 'the role\'s "steps": must be a function'],
  ],
  [
    'a namespace that is no key',
    { 'a8/role.ts': role("name: 'a8', namespace: 'a-8', vars: z.object({}), steps() {}") },
    ['camelCase'],
  ],
])('tells %s', async (_, files, expected) => {
  const mistakes = await mistakesOf(files);
  expect(mistakes).toEqual(expected.map((text) => expect.stringContaining(text)));
});

it('one broken role does not hide the others', async () => {
  write({
    'bad/role.ts': 'throw 1',
    'good/role.ts': role("name: 'good', namespace: 'good', vars: z.object({}), steps: () => []"),
  });
  const { roles, broken } = await load();
  expect(roles).toEqual(['good']);
  expect(broken).toEqual(['bad']);
});
