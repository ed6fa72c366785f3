import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { knownValues, looksRandom, plainSecretsIn } from './plain-secrets.ts';
import { Secret } from './secret.ts';

const BODY = 'MC4CAQAwBQYDK2VwBCIEIFakefakefakefakefakefakefakefake';
const begin = (what: string): string => `-----BEGIN ${what}-----`;

it.each([
  ['a key', `x: |\n  ${begin('OPENSSH PRIVATE KEY')}\n  ${BODY}\n`, ['2:3 a private key in plain']],
  ['PKCS #8', `${begin('PRIVATE KEY')}\r\n${BODY}\r\n`, ['1:1 a private key in plain']],
  ['OpenPGP', `${begin('PGP PRIVATE KEY BLOCK')}\nVersion: 1\n\n${BODY}\n`, ['1:1 a private key in plain']],
  ['the name of one', `look for ${begin('PRIVATE KEY')}\n`, []],
  ['an encrypted one', `${begin('ENCRYPTED PRIVATE KEY')}\n${BODY}\n`, []],
  ['a public one', `${begin('PUBLIC KEY')}\n${BODY}\n`, []],
  ['a kubeconfig', `users:\n- user:\n    client-key-data: ${BODY}\n`, ['3:5 the private key of a kubeconfig in plain']],
  ['a token', 'a: b\n  token: "9f8a7b6c5d4e3f2a1b0c"\n', ['2:3 "token" looks like a secret in plain']],
  ['JSON', '{\n  "dbPassword": "Tr0ub4dor&3x",\n}\n', ['2:4 "dbPassword" looks like a secret in plain']],
  ['a shell', 'export API_KEY=aB3dE6gH9jK2 # mine\n', ['1:8 "API_KEY" looks like a secret in plain']],
  ['a reference', 'secretRef: k3s.token1a2b\npasswordSecret: become.password\nsecretName: a1b2c3d4e5f6\n', []],
  ['a template', 'token: {{ secret "k3s/token" }}\npassword: ${DB_P4SSW0RD}\n', []],
  ['words', 'password: replace-me-2024\ntoken: server-1-token\nsecret: v1.33.6+k3s1\n', []],
  ['SOPS', 'password: ENC[AES256_GCM,data:p673w2z9A1b2]\n', []],
  ['a SealedSecret', 'kind: SealedSecret\nencryptedData:\n  password: AgBy3i4OJSWK1P9y\n', []],
  ['!vault', 'password: !vault |\n  -----BEGIN PGP MESSAGE-----\n', []],
  ['a value of the vault', 'x: y\nargs: --pw=herring-9\n', ['2:12 the value of the secret db.password in plain']],
  ['its base64', `data: ${Buffer.from('herring-9').toString('base64')}\n`, ['1:7 the value of the secret db.password in plain']],
  ['a part of a word', 'herring-95\n', []],
  ['a line of a key of the vault', 'k: line-number-two\n', ['1:4 the value of the secret key in plain']],
])('%s', (_name, text, expected) => {
  const secrets = [
    new Secret('herring-9', 'db.password'),
    new Secret('administrator', 'db.user'),
    new Secret('-----BEGIN X-----\nline\nline-number-two\n', 'key'),
    new Secret('short', 'pin'),
  ];
  const found = plainSecretsIn('f', text, knownValues(secrets));
  expect(found.map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual(expected);
});

it('no false alarm in the example inventory, the templates, the roles and the lab', () => {
  const files = globSync(['inventory/**/*', 'templates/**/*', 'roles/**/*', 'lab/**/*', 'docs/**/*', 'versions.yaml'], {
    withFileTypes: true,
  }).filter((entry) => entry.isFile() && !/\.test\.ts$/.test(entry.name));
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((entry) => {
    const file = `${entry.parentPath}/${entry.name}`;
    return plainSecretsIn(file, readFileSync(file, 'utf8'));
  });
  expect(found).toEqual([]);
});

it('what chance makes is seen', () => {
  const made = Array.from({ length: 200 }, () => randomBytes(24));
  for (const encoding of ['hex', 'base64', 'base64url'] as const)
    expect(made.filter((bytes) => looksRandom(bytes.toString(encoding))).length).toBeGreaterThan(180);
});
