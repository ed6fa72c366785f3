import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeNewRole } from '#src/user-roles/new.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const examples = (language: string): string[] =>
  [...readFileSync(join(ROOT, 'docs/roles.md'), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );

/** The examples of docs/roles.md, put into a cluster directory as a reader would. */
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-docs-'));
  const [role = '', withSecrets = ''] = examples('ts');
  await writeNewRole(directory, 'my-app', new Set());
  const files = {
    'cluster.yaml': `name: home\nrelease: v1.9\nroles:\n  all: [welcome-page, my-app, os, storage, uploader]\nuploader: { password: { secretRef: uploader.password } }\n${examples('yaml').join('')}`,
    'hosts.yaml':
      'hosts:\n  n1: { address: 127.0.0.1 }\n  nas: { address: 127.0.0.2 }\ngroups:\n  server: { hosts: [n1] }\n  agent: { hosts: [n1] }\n',
    'host_vars/n1.yaml': 'welcomePage: { title: hi }\n',
    'roles/welcome-page/role.ts': role,
    'roles/uploader/role.ts': withSecrets,
    'roles/uploader/uploader.conf.hbs': 'user={{user}}\npassword={{password}}\ntoken={{secret "uploader.token"}}\n',
    'secrets.yaml': 'uploader: { password: p, key: k, token: t }\n',
    'roles/storage/role.ts': readFileSync(join(directory, 'roles/my-app/role.ts'), 'utf8')
      .replaceAll('my-app', 'storage')
      .replace('myApp', 'storage'),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text, { mode: 0o600 });
  }
});
afterAll(() => rmSync(directory, { recursive: true }));

const picluster = (...args: string[]) =>
  execa(process.execPath, [join(ROOT, 'bin/picluster.js'), ...args, '-C', directory], { reject: false });

it('are accepted as they stand', async () => {
  const { stdout, stderr, exitCode } = await picluster('role', 'list');
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^welcome-page +welcomePage +roles\/welcome-page +n1,nas/m);
  expect(exitCode).toBe(0);
});

it('are known to the inventory and to the JSON schema', async () => {
  const { stdout } = await picluster('inventory', '--host', 'n1');
  expect(stdout).toContain('hi');
  await picluster('schema', '--write');
  expect(readFileSync(join(directory, '.schema/vars.json'), 'utf8')).toContain('Heading of the page');
});

it('secrets: named and never shown; a name that is not there is told', async () => {
  const { stdout } = await picluster('inventory', '--host', 'n1');
  expect(stdout).toMatch(/^uploader\.password +\{"secretRef":"uploader\.password"\} +# cluster\.yaml:\d+$/m);
  expect(stdout).toMatch(/^ {2}uploader\.token +# secrets\.yaml:1$/m);
  writeFileSync(join(directory, 'secrets.yaml'), 'uploader: { password: p, tokem: t }\n');
  const { stderr, exitCode } = await picluster('role', 'list');
  writeFileSync(join(directory, 'secrets.yaml'), 'uploader: { password: p, token: t }\n');
  expect(stderr).toContain(
    'roles/uploader/uploader.conf.hbs:3:7: there is no secret "uploader.token" in secrets.yaml; did you mean "uploader.tokem"?',
  );
  expect(exitCode).toBe(65);
});
