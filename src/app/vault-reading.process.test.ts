import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));
const PASSPHRASE = 'a long passphrase';
let directory: string;
let home: GpgHome;

/** A gpg that counts its calls stands before the real one. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-vault-'));
  home = await GpgHome.create();
  await home.generate('alex');
  mkdirSync(join(directory, 'bin'));
  const { stdout: gpg } = await execa('which', ['gpg']);
  writeFileSync(join(directory, 'bin/gpg'), `#!/bin/sh\necho call >> '${directory}/calls'\nexec ${gpg} "$@"\n`);
  chmodSync(join(directory, 'bin/gpg'), 0o755);
  writeFileSync(
    join(directory, 'cluster.yaml'),
    'name: home\nrelease: v1.9\nroles: { all: [os], server: [k3s-server] }\nssh: { user: pi }\nk3s: { externalCni: true }\n',
  );
  hosts('{ address: 127.0.0.1, port: 1, connectTimeout: 1 }');
  const to = ['--trust-model', 'always', '--armor', '-r', 'alex@example.com', '--encrypt'];
  writeFileSync(
    join(directory, 'secrets.yaml.asc'),
    await home.gpg(to, 'become: { n1: swordfish }\nk3s: { token: swordfish }\n'),
  );
}, 60_000);
afterAll(async () => {
  await home.remove();
  rmSync(directory, { recursive: true, force: true });
});

const hosts = (n1: string): void =>
  writeFileSync(
    join(directory, 'hosts.yaml'),
    `hosts:\n  n1: ${n1}\n  n2: { address: 127.0.0.2, port: 1, connectTimeout: 1 }\ngroups:\n  server: { hosts: [n1] }\n`,
  );

async function run(args: readonly string[], env: Record<string, string> = {}, fd3 = '/dev/null') {
  writeFileSync(join(directory, 'calls'), '');
  const result = await execa('sh', ['-c', 'exec "$@" 3<"$0"', fd3, process.execPath, LAUNCHER, ...args], {
    reject: false,
    timeout: 90_000,
    stdin: 'ignore',
    env: {
      ...home.env,
      HOME: directory,
      PATH: `${join(directory, 'bin')}${delimiter}${process.env.PATH}`,
      XDG_STATE_HOME: join(directory, 'state'),
      SSH_AUTH_SOCK: '',
      PICLUSTER_CLUSTER: directory,
      ...env,
    },
  });
  const calls = readFileSync(join(directory, 'calls'), 'utf8').split('\n').length - 1;
  return { calls, exitCode: result.exitCode, output: `${String(result.stdout)}\n${String(result.stderr)}` };
}

it('only commands that need a secret ask gpg, and once', async () => {
  for (const args of [['inventory'], ['inventory', '--host', 'n1'], ['role', 'list'], ['host-keys'], ['schema', 'hosts']])
    expect(await run(args)).toMatchObject({ calls: 0, exitCode: 0 });
  expect(await run(['facts'])).toMatchObject({ calls: 0, exitCode: 69 });
  expect(await run(['graph', '--limit', 'n2'])).toMatchObject({ calls: 0, exitCode: 69 });
  expect(await run(['graph'])).toMatchObject({ calls: 1, exitCode: 69 });
  expect(await run(['exec', '--', 'uptime'])).toMatchObject({ calls: 0, exitCode: 69 });
  expect(await run(['plan', '--limit', 'n2'])).toMatchObject({ calls: 0, exitCode: 69 });
  expect(await run(['plan'])).toMatchObject({ calls: 1, exitCode: 69 });
  const names = await run(['inventory', '--host', 'n1', '--secrets']);
  expect(names).toMatchObject({ calls: 1, exitCode: 0 });
  expect(names.output).toContain('become.n1  # secrets.yaml.asc:1');
  expect(names.output).not.toContain('swordfish');
}, 240_000);

it('every file and every single value is decrypted once', async () => {
  const to = ['--trust-model', 'always', '--armor', '-r', 'alex@example.com', '--encrypt'];
  const value = (await home.gpg(to, 'swordfish')).replaceAll(/^(?=.)/gm, '      ');
  const more = {
    'group_vars/server.secrets.yaml.asc': await home.gpg(to, 'become: { n1: other }\n'),
    'host_vars/n1.secrets.yaml.asc': await home.gpg(to, 'registry: { password: swordfish }\n'),
    'group_vars/all.yaml': `k3s:\n  registries:\n    one: !vault |\n${value}    two: { secretRef: registry/password }\n`,
  };
  for (const folder of ['group_vars', 'host_vars']) mkdirSync(join(directory, folder));
  for (const [file, text] of Object.entries(more)) writeFileSync(join(directory, file), text);
  const unknown = await run(['plan']);
  expect(unknown).toMatchObject({ calls: 4, exitCode: 65 });
  expect(unknown.output).toMatch(
    /group_vars\/all\.yaml:\d+:10: k3s\.registries\.two: there is no secret "registry\.password" for n2/,
  );
  writeFileSync(join(directory, 'group_vars/server.yaml'), more['group_vars/all.yaml']);
  rmSync(join(directory, 'group_vars/all.yaml'));
  expect(await run(['plan'])).toMatchObject({ calls: 4, exitCode: 69 });
  expect(await run(['inventory', '--host', 'n1'])).toMatchObject({ calls: 0, exitCode: 0 });
  for (const folder of ['group_vars', 'host_vars']) rmSync(join(directory, folder), { recursive: true });
}, 120_000);

it('facts asks for the key when a host becomes root with a secret; a name that is not in the vault is told', async () => {
  hosts('{ address: 127.0.0.1, port: 1, connectTimeout: 1, become: { method: sudo, passwordSecret: become.n1 } }');
  expect(await run(['inventory'])).toMatchObject({ calls: 0, exitCode: 0 });
  expect(await run(['facts'])).toMatchObject({ calls: 1, exitCode: 69 });
  hosts('{ address: 127.0.0.1, port: 1, connectTimeout: 1, become: { method: sudo, passwordSecret: become.n2 } }');
  const wrong = await run(['facts']);
  expect(wrong).toMatchObject({ calls: 1, exitCode: 65 });
  expect(wrong.output).toContain('there is no secret "become.n2" in secrets.yaml.asc');
  hosts('{ address: 127.0.0.1, port: 1, connectTimeout: 1 }');
}, 120_000);

it('without the key: 77 and what to do; with a key file and its passphrase on a file descriptor: read', async () => {
  const other = await GpgHome.create();
  try {
    await other.generate('sam', PASSPHRASE);
    await home.gpg(['--import'], await other.exportPublic('sam'));
    const to = ['--trust-model', 'always', '--armor', '-r', 'sam@example.com', '--encrypt'];
    writeFileSync(join(directory, 'secrets.yaml.asc'), await home.gpg(to, 'a: swordfish\n'));
    writeFileSync(join(directory, 'sam.key'), await other.exportPrivate('sam', PASSPHRASE), { mode: 0o600 });
  } finally {
    await other.remove();
  }
  const refused = await run(['plan']);
  expect(refused.exitCode).toBe(77);
  expect(refused.output).toContain('no key here opens secrets.yaml.asc');
  writeFileSync(join(directory, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 });
  const env = { PICLUSTER_VAULT_KEY: join(directory, 'sam.key'), PICLUSTER_VAULT_PASSPHRASE_FD: '3' };
  const opened = await run(['plan'], env, join(directory, 'passphrase'));
  expect(opened.exitCode).toBe(69);
  expect(opened.output).not.toMatch(/swordfish|a long passphrase/);
  expect((await run(['plan'], { PICLUSTER_VAULT_KEY: env.PICLUSTER_VAULT_KEY })).output).toContain('nobody typed the passphrase');
}, 120_000);
