import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { parseSecrets } from '#src/secrets/file.ts';
import { GpgHome } from '#src/secrets/testing/gpg-home.ts';
import { onTerminal } from '../../../test/support/terminal.ts';
import { runVault, vaultEnv } from './testing/run-vault.ts';

const BOUND_MS = 120_000;
let directory: string;
let alex: GpgHome;

beforeAll(async () => {
  alex = await GpgHome.create();
  await alex.generate('alex');
}, 60_000);
afterAll(() => alex.remove());
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'picluster-generate-'));
  writeCluster('credentials: [private-ca, ingress, sso]');
  await vault(['init', '-r', 'alex@example.com']);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const file = (name: string): string => join(directory, name);
const vaultText = (): string => readFileSync(file('secrets.yaml.asc'), 'utf8');
const vault = (args: readonly string[], given: Parameters<typeof runVault>[3] = {}) => runVault(directory, alex, args, given);
const writeCluster = (...lines: string[]): void =>
  writeFileSync(file('cluster.yaml'), ['name: home', 'release: v1.9', ...lines, ''].join('\n'));

async function secrets(): Promise<(path: string) => string> {
  const { store } = parseSecrets('', await alex.gpg(['--decrypt'], vaultText()));
  return (path) => store.get(path)?.reveal() ?? '';
}

/** A file that openssl or ssh-keygen reads. */
function written(name: string, text: string): string {
  writeFileSync(file(name), text, { mode: 0o600 });
  return file(name);
}

it(
  'what is made is what openssl, ssh-keygen and crypt(3) take it for; a second run changes nothing; no value is said',
  async () => {
    writeCluster('credentials: all', 'roles: { servers: [k3s-server] }', 'network: { domain: lan.example.com }');
    writeFileSync(file('credentials.yaml'), 'credentials: { deploy: { kind: ssh-key, public: deployPublic, users: [git] } }\n');
    const made = await vault(['generate', '--answers', '-'], {
      input: 'dns: { apiKeyPrefix: some-prefix, apiKeySecret: swordfish }\n',
    });
    expect(made).toMatchObject({ exitCode: 0 });
    for (const line of ['made k3s.token', 'made tls.vault', 'made ingress.htpasswd', 'took dns.apiKeySecret'])
      expect(made.output).toContain(line);
    const secret = await secrets();
    const authority = written('ca.pem', secret('ca.certificate'));
    for (const [name, host] of [
      ['tls.vault', 'vault.lan.example.com'],
      ['tls.minio', 's3.lan.example.com'],
    ] as const) {
      const certificate = written('leaf.pem', secret(`${name}.certificate`));
      const checks = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host];
      await execa('openssl', ['verify', ...checks, '-CAfile', authority, certificate]);
      const publicKey = await execa('openssl', ['pkey', '-in', written('leaf.key', secret(`${name}.key`)), '-pubout']);
      expect((await execa('openssl', ['x509', '-in', certificate, '-noout', '-pubkey'])).stdout).toBe(publicKey.stdout);
    }
    const { stdout: publicKey } = await execa('ssh-keygen', ['-y', '-f', written('key', secret('deploy'))]);
    expect(secret('deployPublic')).toBe(publicKey);
    const [user, hash = ''] = secret('ingress.htpasswd').split(':');
    const { stdout: again } = await execa('perl', ['-e', 'print crypt(<STDIN>, $ARGV[0])', hash], {
      input: secret('ingress.admin'),
    });
    expect([user, again]).toEqual(['admin', hash]);
    const values = parseSecrets('', await alex.gpg(['--decrypt'], vaultText())).store.all();
    for (const value of values) expect(made.output).not.toContain(value.reveal().trim());
    const before = vaultText();
    expect(await vault(['generate'])).toEqual({
      exitCode: 0,
      output: `nothing is missing: ${values.length - 4} credentials are there`,
    });
    expect(vaultText()).toBe(before);
  },
  BOUND_MS,
);

it(
  'only what is missing is made: what is there stays, with its comments, also in the plain file',
  async () => {
    await vault(['set', 'ingress.admin'], { input: 'swordfish' });
    writeFileSync(file('secrets.yaml'), 'oauth2-proxy: { client: shark }\n', { mode: 0o600 });
    writeCluster('credentials: [ingress, sso]');
    const planned = await vault(['generate', '--dry-run', 'ingress', 'oauth2-proxy.client', 'oauth2-proxy.cookie']);
    expect(planned.output).toBe('would make oauth2-proxy.cookie\nwould make ingress.htpasswd');
    const made = await vault(['generate']);
    expect(made.output).not.toMatch(/ingress\.admin|oauth2-proxy\.client/);
    const text = await alex.gpg(['--decrypt'], vaultText());
    expect(text).toContain('# Secrets of this cluster');
    expect(text).toContain('admin: swordfish');
    expect(text).not.toContain('shark');
    await vault(['set', 'ingress.admin'], { input: 'another' });
    expect((await vault(['generate'])).output).toContain(
      'ingress.htpasswd does not fit ingress.admin: picluster vault rotate ingress.htpasswd',
    );
  },
  BOUND_MS,
);

it(
  'what only a person has comes whole or not at all',
  async () => {
    writeCluster('credentials: [dns, ingress]');
    const before = vaultText();
    const nobody = await vault(['generate']);
    expect(nobody).toMatchObject({ exitCode: 64 });
    expect(nobody.output).toContain('nobody gave dns.apiKeyPrefix, dns.apiKeySecret; nothing was written');
    const half = await vault(['generate', '--answers', '-'], { input: 'dns: { apiKeyPrefix: p }' });
    expect(half).toMatchObject({ exitCode: 65 });
    expect(half.output).toContain('nobody gave dns.apiKeySecret');
    const answers = written('answers.yaml', 'dns:\n  apiKeyPrefix: p\n  apiKeySecrte: swordfish\n');
    const mistyped = await vault(['generate', '--answers', answers]);
    expect(mistyped).toMatchObject({ exitCode: 65 });
    expect(mistyped.output).toContain(':3:3: dns.apiKeySecrte: nothing asks for it; did you mean "dns.apiKeySecret"?');
    chmodSync(answers, 0o644);
    expect((await vault(['generate', '--answers', answers])).output).toContain('others can read it (mode 0644)');
    expect((await vault(['generate', '--answers', file('none')])).exitCode).toBe(64);
    expect(vaultText()).toBe(before);
    expect(mistyped.output).not.toContain('swordfish');
    const fd3 = written('answers.yaml', 'dns:\n  apiKeyPrefix: p\n  apiKeySecret: swordfish\n');
    expect((await vault(['generate', '--answers-fd', '3'], { fd3 })).output).toContain('took dns.apiKeySecret');
    expect((await secrets())('dns.apiKeySecret')).toBe('swordfish');
  },
  BOUND_MS,
);

it(
  'on a terminal it is asked for without echo, all questions before anything is written',
  async () => {
    writeCluster('credentials: [dns]');
    const answers = ['some-prefix', 'swordfish'];
    const { exitCode, all, unasked } = await onTerminal('vault generate', answers, vaultEnv(directory, alex));
    expect({ exitCode, unasked }).toEqual({ exitCode: 0, unasked: [] });
    expect(all).toContain('took dns.apiKeySecret');
    expect(all).not.toContain('swordfish');
    expect((await secrets())('dns.apiKeySecret')).toBe('swordfish');
  },
  BOUND_MS,
);

it(
  'mistakes of the catalogue and of cluster.yaml are told at once; halves of a pair are named; names are suggested',
  async () => {
    const before = vaultText();
    writeCluster('credentials: [minoi]');
    writeFileSync(
      file('credentials.yaml'),
      'credentials:\n  a: { kind: htpasswd, of: b, user: x, users: [y] }\n  c: { kind: pasword, users: [y] }\n',
    );
    const wrong = await vault(['generate']);
    expect(wrong).toMatchObject({ exitCode: 65 });
    expect(wrong.output).toContain('cluster.yaml:3:15: credentials[0]: no service is called "minoi"; did you mean "minio"?');
    expect(wrong.output).toMatch(/credentials\.yaml:3:\d+: credentials\.c\.kind: /);
    rmSync(file('credentials.yaml'));
    writeCluster('credentials: [private-ca]');
    expect((await vault(['generate', 'tls.valt'])).output).toContain('did you mean "tls.vault"?');
    expect(vaultText()).toBe(before);
    await vault(['set', 'ca.certificate'], { input: 'swordfish' });
    const half = await vault(['generate']);
    expect(half).toMatchObject({ exitCode: 65 });
    expect(half.output).toContain('ca: ca.certificate is there without ca.key; nothing was written');
    await vault(['set', 'ca.key'], { input: 'shark' });
    const unusable = await vault(['generate']);
    expect(unusable).toMatchObject({ exitCode: 65 });
    expect(unusable.output).toContain('ca in the vault is no certificate with its unencrypted key, in PEM; nothing was written');
  },
  BOUND_MS,
);

it(
  "a person's own authority (RSA) signs the certificates, and their own key gets its public line",
  async () => {
    writeCluster('credentials: [private-ca]', 'gitops: { url: ssh://git@git.example.com/x.git, auth: ssh }');
    const subject = ['-subj', '/CN=mine', '-keyout', file('ca.key'), '-out', file('ca.pem')];
    await execa('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:3072',
      '-nodes',
      '-days',
      '30',
      '-addext',
      'keyUsage=critical,keyCertSign',
      ...subject,
    ]);
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file('id')]);
    for (const [path, name] of [
      ['ca.key', 'ca.key'],
      ['ca.certificate', 'ca.pem'],
      ['git.identity', 'id'],
    ] as const)
      await vault(['set', path], { input: readFileSync(file(name), 'utf8') });
    const made = await vault(['generate', '--answers', '-'], { input: 'git: { knownHosts: git.example.com ssh-ed25519 AAAA }' });
    expect(made.output).toContain('completed git.identity by its public key');
    expect(made.output).not.toContain('made ca');
    const secret = await secrets();
    const leaf = written('leaf.pem', secret('tls.vault.certificate'));
    await execa('openssl', ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', file('ca.pem'), leaf]);
    expect(secret('git.identityPub').split(' ').slice(0, 2)).toEqual(readFileSync(file('id.pub'), 'utf8').split(' ').slice(0, 2));
    expect(secret('git.identity').trim()).toBe(readFileSync(file('id'), 'utf8').trim());
  },
  BOUND_MS,
);

it(
  'the example of docs/secrets.md',
  async () => {
    const text = readFileSync(new URL('../../../docs/secrets.md', import.meta.url), 'utf8');
    const [, own = ''] = /^```yaml\n(# credentials\.yaml\n[\s\S]*?)^```/m.exec(text) ?? [];
    writeFileSync(file('credentials.yaml'), own);
    writeCluster('credentials: [wiki]');
    const made = await vault(['generate', '--answers', '-'], { input: 'wiki: { mailPassword: swordfish }' });
    expect(made.output).toBe('made wiki.admin\nmade wiki.sessionKey\nmade wiki.htpasswd\ntook wiki.mailPassword');
    expect((await secrets())('wiki.htpasswd')).toMatch(/^editor:\$2y\$/);
  },
  BOUND_MS,
);
