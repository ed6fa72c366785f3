import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { down, Lab, up } from '#lab/machines/index.ts';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { Cli } from '../support/cli.ts';
import { onNode } from '../support/nodes.ts';

/** Secrets of the cluster, a group and a host, a single encrypted value and a template that names one, on two machines. */
const lab = new Lab({ name: 'vaultuse' });
const scratch = mkdtempSync(join(tmpdir(), 'picluster-use-'));
const cli = new Cli(join(scratch, 'cluster'));
const plan = join(scratch, 'plan.json');
/** Each is found by the same word wherever it should not be. */
const SECRET = 'swordfish';
let home: GpgHome;

const ROLE =
  [...readFileSync('docs/roles.md', 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, text = '']) => text)[1] ?? '';

const encrypted = (text: string): Promise<string> =>
  home.gpg(['--trust-model', 'always', '--armor', '-r', 'alex@example.com', '--encrypt'], text);

async function write(files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(cli.cluster, file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, file.endsWith('.asc') ? await encrypted(text) : text);
  }
}

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, { nodes: ['n1', 'n2'], artifacts: false });
  home = await GpgHome.create();
  await home.generate('alex');
  cli.wrapper = ['env', `GNUPGHOME=${home.path}`];
  cpSync(lab.local('cluster'), cli.cluster, { recursive: true });
  rmSync(join(cli.cluster, 'secrets.yaml'));
  const { gitops, ...cluster } = parse(readFileSync(join(cli.cluster, 'cluster.yaml'), 'utf8'));
  const single = (await encrypted(`${SECRET} of n1 alone`)).replaceAll(/^(?=.)/gm, '    ');
  await write({
    'cluster.yaml': stringify({ ...cluster, roles: { all: ['uploader'] } }),
    'roles/uploader/role.ts': ROLE,
    'roles/uploader/uploader.conf.hbs': 'user={{user}}\npassword={{password}}\ntoken={{quote (secret "uploader/token")}}\n',
    'secrets.yaml.asc': `uploader: { password: ${SECRET} of all, key: ${SECRET} key, token: ${SECRET} of all }\n`,
    'group_vars/all.secrets.yaml.asc': `uploader: { token: ${SECRET} of the group }\n`,
    'host_vars/n2.secrets.yaml.asc': `uploader: { password: ${SECRET} of n2 }\n`,
    'host_vars/n1.yaml': `uploader:\n  password: !vault |\n${single}`,
    'host_vars/n2.yaml': 'uploader: { password: { secretRef: uploader/password } }\n',
  });
});

afterAll(async () => {
  await down(lab, { purge: true });
  await home.remove();
  rmSync(scratch, { recursive: true, force: true });
  rmSync(cli.stateHome, { recursive: true, force: true });
});

const config = (node: string): Promise<string> =>
  onNode(lab, node, 'cat /etc/uploader/uploader.conf; stat -c %a /etc/uploader/*');

test('every host gets its own, and nothing else says them', async () => {
  const said = [await cli.run('plan', ['-o', plan])];
  expect(said[0]?.exitCode, said[0]?.all).toBe(0);
  said.push(await cli.run('apply', [plan, '--yes', '--verbose']));
  expect(said[1]?.exitCode, said[1]?.all).toBe(0);
  const rest = `token='${SECRET} of the group'\n600\n600`;
  expect(await config('n1')).toBe(`user=camera\npassword=${SECRET} of n1 alone\n${rest}`);
  expect(await config('n2')).toBe(`user=camera\npassword=${SECRET} of n2\n${rest}`);
  said.push(
    await cli.run('apply', ['--yes', '--detailed-exitcode']),
    await cli.run('inventory', ['--host', 'n1,n2', '--secrets']),
  );
  expect(said[2]?.exitCode).toBe(0);
  expect(said[3]?.stdout).toMatch(/uploader\.password +# host_vars\/n2\.secrets\.yaml\.asc:1/);
  const kept = globSync(`${cli.stateHome}/**`).filter((path) => statSync(path).isFile());
  const texts = [...said.map(({ all }) => all), ...[plan, ...kept].map((path) => readFileSync(path, 'utf8'))];
  expect(texts.filter((text) => text.includes(SECRET) || text.includes(Buffer.from(SECRET).toString('base64')))).toEqual([]);
  expect(kept.length).toBeGreaterThan(3);
});

test('a kept plan of some hosts is done; one from before a secret changed is refused, and names no value', async () => {
  await onNode(lab, 'n2', 'rm /etc/uploader/key');
  expect((await cli.run('plan', ['--limit', 'n2', '-o', plan])).exitCode).toBe(0);
  expect((await cli.run('apply', [plan, '--yes', '--detailed-exitcode'])).exitCode).toBe(2);
  await onNode(lab, 'n2', 'rm /etc/uploader/key');
  expect((await cli.run('plan', ['--limit', 'n2', '-o', plan])).exitCode).toBe(0);
  await write({ 'host_vars/n2.secrets.yaml.asc': `uploader: { password: ${SECRET} again }\n` });
  const { exitCode, all } = await cli.run('apply', [plan, '--yes']);
  expect([exitCode, all.includes('secrets: a value has changed'), all.includes(SECRET)]).toEqual([78, true, false]);
});

test("a host's secret that changes changes that host alone", async () => {
  const { events } = await cli.events('apply', ['--yes']);
  const changed = events.flatMap((event) => (event.type === 'step.end' && event.status === 'changed' ? [event.step] : []));
  expect(changed.toSorted()).toEqual(['uploader/file:/etc/uploader/key@n2', 'uploader/file:/etc/uploader/uploader.conf@n2']);
  expect(await config('n2')).toContain(`password=${SECRET} again\n`);
});
