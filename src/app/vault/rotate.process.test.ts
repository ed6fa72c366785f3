import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSecrets } from '#src/secrets/file.ts';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { runVault, vaultEnv } from './testing/run-vault.ts';

const BOUND_MS = 120_000;
let directory: string;
let alex: GpgHome;

beforeAll(async () => {
  alex = await GpgHome.create();
  await alex.generate('alex');
  directory = mkdtempSync(join(tmpdir(), 'picluster-rotate-'));
  const cluster = [
    'name: home',
    'release: v1.9',
    'roles: { servers: [k3s-server] }',
    'credentials: [ingress, private-ca, minio, dns]',
    '',
  ];
  writeFileSync(join(directory, 'cluster.yaml'), cluster.join('\n'));
  await vault(['init', '-r', 'alex@example.com']);
  await vault(['generate', '--answers', '-'], { input: 'dns: { apiKeyPrefix: p, apiKeySecret: swordfish }' });
}, 120_000);
afterAll(async () => {
  await alex.remove();
  rmSync(directory, { recursive: true, force: true });
});

const vaultText = (): string => readFileSync(join(directory, 'secrets.yaml.asc'), 'utf8');
const plainText = (): Promise<string> => alex.gpg(['--decrypt'], vaultText());
const vault = (args: readonly string[], given: Parameters<typeof runVault>[3] = {}) => runVault(directory, alex, args, given);

async function values(): Promise<Record<string, string>> {
  const { store } = parseSecrets('', await plainText());
  return Object.fromEntries(store.paths().map((path) => [path, store.get(path)?.reveal() ?? '']));
}

const changed = (before: Record<string, string>, after: Record<string, string>): string[] =>
  Object.keys({ ...before, ...after })
    .filter((path) => before[path] !== after[path])
    .sort();

it(
  'a password and its hash: said, asked for, changed alone, kept, not done twice, reverted to the byte',
  async () => {
    const [text, before, armor] = [await plainText(), await values(), vaultText()];
    const unasked = await vault(['rotate', 'ingress.admin']);
    expect(unasked).toMatchObject({ exitCode: 64 });
    expect(unasked.output).toContain(
      'ingress.htpasswd is made anew, too, as it is made of ingress.admin; it is needed by:\n  ingress controller',
    );
    expect(vaultText()).toBe(armor);
    const done = await vault(['rotate', '--yes', 'ingress.admin']);
    expect(done).toMatchObject({ exitCode: 0 });
    const after = await values();
    expect(changed(before, after)).toEqual(['ingress.admin', 'ingress.htpasswd']);
    for (const value of [before['ingress.admin'], after['ingress.admin']]) expect(done.output).not.toContain(value);
    expect((await vault(['generate'])).output).not.toContain('does not fit');
    expect((await vault(['rotate', '--list'])).output).toMatch(
      /^ingress\.admin {2}since \S+ {2}ingress\.admin, ingress\.htpasswd$/,
    );
    expect((await vault(['list'])).output).not.toContain('_rotations');
    expect(await vault(['get', '_rotations.ingress.admin.since'])).toMatchObject({ exitCode: 64 });
    expect(await vault(['rotate', '--yes', '--force', 'ingress.htpasswd'])).toMatchObject({ exitCode: 78 });
    expect(changed(after, await values())).toEqual([]);
    expect(await vault(['rotate', '--revert', 'ingress.htpasswd'])).toMatchObject({ exitCode: 0 });
    expect(await plainText()).toBe(text);
    expect(await vault(['rotate', '--revert', 'ingress.admin'])).toMatchObject({ exitCode: 64 });
  },
  BOUND_MS,
);

it(
  'an authority takes its certificates with it, which openssl then finds signed by the new one',
  async () => {
    const before = await values();
    expect(await vault(['rotate', '--yes', 'ca', 'minio.loki'])).toMatchObject({ exitCode: 0 });
    const after = await values();
    expect(changed(before, after)).toEqual(
      ['ca', 'tls.minio', 'tls.vault'].flatMap((name) => [`${name}.certificate`, `${name}.key`]).toSpliced(2, 0, 'minio.loki'),
    );
    const verify = async (ca: string | undefined, leaf: string | undefined) => {
      writeFileSync(join(directory, 'ca.pem'), ca ?? '');
      writeFileSync(join(directory, 'leaf.pem'), leaf ?? '');
      const paths = ['-CAfile', join(directory, 'ca.pem'), join(directory, 'leaf.pem')];
      return (await execa('openssl', ['verify', '-x509_strict', ...paths], { reject: false })).exitCode;
    };
    expect(await verify(after['ca.certificate'], after['tls.minio.certificate'])).toBe(0);
    expect(await verify(before['ca.certificate'], after['tls.minio.certificate'])).not.toBe(0);
    expect(await vault(['rotate', '--confirm', 'ca', 'minio.loki'])).toMatchObject({ exitCode: 0 });
    expect(await plainText()).not.toContain('_rotations');
    expect(changed(after, await values())).toEqual([]);
  },
  BOUND_MS,
);

it(
  'what nobody can make is asked for, whole or not at all; the old value is no new one',
  async () => {
    const armor = vaultText();
    expect(await vault(['rotate', '--yes', 'dns.apiKeySecret'])).toMatchObject({ exitCode: 64 });
    const answer = (value: string) =>
      vault(['rotate', '--yes', 'dns.apiKeySecret', '--answers', '-'], { input: `dns: { apiKeySecret: ${value} }` });
    const same = await answer('swordfish');
    expect(same).toMatchObject({ exitCode: 64 });
    expect(same.output).toContain('dns.apiKeySecret was given the value it has; nothing was changed');
    expect(vaultText()).toBe(armor);
    expect(await answer('shark')).toMatchObject({ exitCode: 0 });
    expect((await values())['dns.apiKeySecret']).toBe('shark');
    await vault(['rotate', '--confirm', 'dns.apiKeySecret']);
  },
  BOUND_MS,
);

it(
  "K3s's token is refused with what is to be done; names that are none are told",
  async () => {
    const armor = vaultText();
    const refused = await vault(['rotate', '--yes', 'k3s.token']);
    expect(refused).toMatchObject({ exitCode: 78 });
    expect(refused.output).toContain('k3s token rotate --token OLD --new-token NEW');
    expect(await vault(['rotate', '--yes', 'minio.lokk'])).toMatchObject({ exitCode: 64 });
    expect((await vault(['rotate', '--yes', 'keycloak.admin'])).output).toContain('"keycloak.admin" is not there, or not whole');
    expect((await vault(['rotate'])).output).toContain('picluster vault rotate PATH...');
    expect(await vault(['rotate', '--confirm', '--revert', 'ca'])).toMatchObject({ exitCode: 64 });
    expect(vaultText()).toBe(armor);
    expect((await vault(['rotate', '--yes', '--force', 'k3s.token'])).output).toContain(
      'k3s.token: before the next apply, on one server',
    );
    await vault(['rotate', '--revert', 'k3s.token']);
  },
  BOUND_MS,
);

it(
  'the commands of docs/secrets.md, with a person who says yes',
  async () => {
    const text = readFileSync(new URL('../../../docs/secrets.md', import.meta.url), 'utf8');
    const commands = [...text.matchAll(/^ {4}picluster (vault rotate .*)$/gm)].map(([, command = '']) => command);
    expect(commands).toHaveLength(3);
    for (const command of commands) {
      const line = `exec "${process.execPath}" bin/picluster.js ${command}`;
      const options = { input: 'yes\n', env: vaultEnv(directory, alex), reject: false, all: true, timeout: 60_000 } as const;
      const { exitCode, all } = await execa('script', ['-qec', line, '/dev/null'], options);
      expect({ exitCode, all }).toMatchObject({ exitCode: 0, all: expect.stringContaining('ingress.admin') });
    }
  },
  BOUND_MS,
);

it(
  'killed at any moment, the vault has the old values, or the new ones with the old ones kept',
  async () => {
    for (let kill = 0; kill < 6; kill += 1) {
      const before = await values();
      await execa(process.execPath, ['bin/picluster.js', 'vault', 'rotate', '--yes', 'minio.tempo'], {
        env: vaultEnv(directory, alex),
        reject: false,
        killSignal: 'SIGKILL',
        timeout: 250 + kill * 150,
      });
      const isRotated = changed(before, await values()).length > 0;
      const kept = parseSecrets('', await plainText())
        .store.all()
        .map((secret) => secret.reveal());
      expect(kept).toContain(before['minio.tempo']);
      const reverted = await vault(['rotate', '--revert', 'minio.tempo']);
      expect(reverted.exitCode).toBe(isRotated ? 0 : 64);
    }
  },
  BOUND_MS,
);
