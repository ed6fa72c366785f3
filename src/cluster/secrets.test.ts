import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { roleSchemas } from '#roles/index.ts';
import type { ConfigError } from '#src/errors.ts';
import { encryptSymmetric } from '#src/secrets/openpgp/encrypt.ts';
import { secretText } from '#src/secrets/secret-text.ts';
import { describeHost, viewHost } from './describe.ts';
import { showMistake } from './findings.ts';
import { jsonSchema } from './json-schema.ts';
import { loadCluster } from './load.ts';
import type { VaultUse } from './secret-need.ts';

const app = z.strictObject({
  where: z.string().default('role'),
  password: secretText().optional(),
  open: z.record(z.string(), z.unknown()).default({}),
});
const PLAIN: Record<string, string> = {
  'cluster.yaml': 'name: home\nrelease: mine\nversions: releases.yaml\nroles: { all: [quiet], asking: [asker] }\n',
  'releases.yaml': 'releases:\n  mine: { components: {} }\n',
  'hosts.yaml': `hosts:
  n1: { address: 10.0.0.1 }
  n2: { address: 10.0.0.2 }
  n3: { address: 10.0.0.3 }
groups:
  outer: { children: [asking] }
  asking: { hosts: [n1, n2] }
`,
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-secrets-'));
  await write(PLAIN);
});
afterEach(() => rm(directory, { recursive: true }));

/** Files that end in .asc are encrypted. */
async function write(files: Record<string, string>): Promise<void> {
  for (const [file, text] of Object.entries(files)) {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.endsWith('.asc') ? await encrypted(text) : text);
    await chmod(path, 0o600);
  }
}

const encrypted = (text: string): Promise<string> => encryptSymmetric('a long passphrase', Buffer.from(text));

async function inline(text: string, indent: string): Promise<string> {
  return `!vault |\n${(await encrypted(text)).replaceAll(/^(?=.)/gm, indent)}`;
}

async function load(use?: Partial<VaultUse>, extra: { set?: string[] } = {}) {
  const questions: string[] = [];
  const passphrase = async (question: string) => {
    questions.push(question);
    return 'a long passphrase';
  };
  const cluster = await loadCluster({
    directory,
    cwd: '/',
    env: { USER: 'someone' },
    schemas: { app },
    roleNames: ['quiet', 'asker'],
    rolesWithSecrets: ['asker'],
    templates: { quiet: ['y.hbs'] },
    ...(use && { vault: { purpose: 'roles', unlock: { passphrase }, ...use } }),
    ...extra,
  });
  return { cluster, questions };
}

async function mistakes(use: Partial<VaultUse> | undefined = {}): Promise<string[]> {
  const error = await load(use).then(
    () => undefined,
    (thrown: unknown) => thrown as ConfigError,
  );
  return (error?.mistakes ?? []).map(showMistake);
}

describe('secrets by group and host', () => {
  const LAYERS = {
    'secrets.yaml.asc': 'a: { cluster: c, group: c, parent: c, host: c }\n',
    'group_vars/outer.secrets.yaml.asc': 'a: { parent: outer, group: outer, host: outer }\n',
    'group_vars/asking.secrets.yaml.asc': 'a: { group: asking, host: asking }\n',
    'host_vars/n2.secrets.yaml': 'a: { host: n2 }\n',
  };

  it('the host counts more than its group, a group more than its parent, the cluster least', async () => {
    await write(LAYERS);
    const { cluster } = await load({});
    const seen = (host: string) =>
      ['cluster', 'parent', 'group', 'host'].map((name) => cluster.secret(`a.${name}`, host).reveal());
    expect({ n1: seen('n1'), n2: seen('n2'), n3: seen('n3') }).toEqual({
      n1: ['c', 'outer', 'asking', 'asking'],
      n2: ['c', 'outer', 'asking', 'n2'],
      n3: ['c', 'c', 'c', 'c'],
    });
    expect(cluster.secret('a/host').reveal()).toBe('c');
    expect(new Set(cluster.secrets.map((secret) => secret.reveal()))).toEqual(new Set(['c', 'outer', 'asking', 'n2']));
  });

  it('the inventory names them with their places; of closed vaults nothing', async () => {
    await write(LAYERS);
    const view = async (use?: Partial<VaultUse>) => {
      const { cluster } = await load(use);
      return viewHost(cluster, cluster.host('n2'), ['app']).secrets.map(({ name, origin }) => `${name} ${origin}`);
    };
    expect(await view({ purpose: 'names' })).toEqual([
      'a.cluster secrets.yaml.asc:1',
      'a.group group_vars/asking.secrets.yaml.asc:1',
      'a.parent group_vars/outer.secrets.yaml.asc:1',
      'a.host host_vars/n2.secrets.yaml:1',
    ]);
    expect(await view()).toEqual(['a.host host_vars/n2.secrets.yaml:1']);
  });

  it('mistakes in all of them are told at once, with places and without values', async () => {
    await write({
      'secrets.yaml.asc': 'a: { b: swordfish }\n',
      'group_vars/askign.secrets.yaml.asc': 'c: swordfish\n',
      'group_vars/asking.secrets.yaml.asc': 'k3s:\n  token: swordfish\n',
      'group_vars/outer.secrets.yaml.asc': '- swordfish\n',
      'host_vars/n1.secrets.yaml.asc': 'a:\n  b: swordfish\n',
      'host_vars/n1.secrets.yaml': 'c: x\na:\n  b: swordfish\n',
      'host_vars/n2.secrets.yaml.asc': 'a:\n  b: 5\n',
      'group_vars/all.yaml': 'app: { where: 5 }\n',
    });
    const told = await mistakes();
    expect(told).toEqual([
      'group_vars/all.yaml:1:15: app.where: must be text, not the number 5; put it in quotes: "5"',
      'group_vars/askign.secrets.yaml.asc:1:1: there is no group "askign"; did you mean "asking"?',
      'group_vars/asking.secrets.yaml.asc:2:3: k3s.token: is the same for the whole cluster: it belongs into secrets.yaml.asc',
      'group_vars/outer.secrets.yaml.asc:1:1: must be a map: lines of key: value',
      'host_vars/n1.secrets.yaml:3:3: a.b: stands in host_vars/n1.secrets.yaml.asc, too: keep one of them',
      'host_vars/n2.secrets.yaml.asc:2:3: a.b: must be text, not a number: put it in quotes',
    ]);
  });

  it('a host becomes root with its own password under a name that all share', async () => {
    await write({
      'secrets.yaml.asc': 'become: { password: shared }\n',
      'host_vars/n2.secrets.yaml.asc': 'become: { password: own }\n',
      'cluster.yaml': `${PLAIN['cluster.yaml']}ssh: { become: { method: sudo, passwordSecret: become/password } }\n`,
    });
    const { cluster } = await load({ purpose: 'become' });
    expect(cluster.hosts.map(({ target }) => target.become.method !== 'none' && target.become.password)).toMatchObject([
      { label: 'become.password' },
      { label: 'become.password' },
      { label: 'become.password' },
    ]);
    const passwords = cluster.hosts.map(({ target: { become } }) =>
      (become as { password: { reveal(): string } }).password.reveal(),
    );
    expect(passwords).toEqual(['shared', 'own', 'shared']);
  });
});

describe('variables that are secrets', () => {
  it('secretRef is resolved for each host, also deep inside and by --set', async () => {
    await write({
      'secrets.yaml': 'app: { password: shared, other: x }\n',
      'host_vars/n2.secrets.yaml': 'app: { password: own }\n',
      'group_vars/all.yaml':
        'app: { password: { secretRef: app/password }, open: { list: [{ auth: { secretRef: app.password } }] } }\n',
      'host_vars/n3.yaml': 'app: { password: { secretRef: app.other } }\n',
    });
    const { cluster } = await load({}, { set: ['app.open.more={secretRef: app.other}'] });
    const seen = cluster.hosts.map(({ vars }) => {
      const { password, open } = vars.app as { password: { reveal(): string }; open: Record<string, never> };
      const { list, more } = open as { list: { auth: { reveal(): string } }[]; more: { reveal(): string } } & object;
      return [password.reveal(), list[0]?.auth.reveal(), more.reveal()];
    });
    expect(seen).toEqual([
      ['shared', 'shared', 'x'],
      ['own', 'own', 'x'],
      ['x', 'shared', 'x'],
    ]);
    const view = viewHost(cluster, cluster.host('n1'), ['app']);
    expect(JSON.parse(JSON.stringify(view.vars))).toContainEqual({
      path: 'app.password',
      value: { secretRef: 'app.password' },
      origin: 'group_vars/all.yaml:1',
    });
    expect(describeHost(view)).toContain('[{"auth":{"secretRef":"app.password"}}]');
  });

  it('names that are not there are told where they stand, for whom, and what was meant', async () => {
    await write({
      'secrets.yaml': 'app: { password: shared }\n',
      'host_vars/n2.secrets.yaml': 'own: x\n',
      'group_vars/all.yaml': 'app:\n  password: { secretRef: app.pasword }\n  open:\n    list:\n      - secretRef: own\n',
      'hosts.yaml': PLAIN['hosts.yaml']!.replace('10.0.0.1 }', '10.0.0.1, become: { method: sudo, passwordSecret: nope } }'),
    });
    expect(await mistakes()).toEqual([
      'group_vars/all.yaml:2:13: app.password: there is no secret "app.pasword" in secrets.yaml; did you mean "app.password"?',
      'group_vars/all.yaml:5:9: app.open.list[0]: there is no secret "own" for n1, n3 in secrets.yaml (known: app.password)',
      'hosts.yaml:2:68: hosts.n1.become.passwordSecret: there is no secret "nope" in secrets.yaml (known: app.password)',
    ]);
  });

  it('are in the JSON Schema: a reference, or an armour', () => {
    expect(jsonSchema('vars', { app })).toMatchObject({
      properties: { app: { properties: { password: { required: ['secretRef'], pattern: '^-----BEGIN PGP MESSAGE-----' } } } },
    });
  });

  it('stand only where a role takes them; and text does not stand there', async () => {
    await write({ 'secrets.yaml': 'a: x\n', 'group_vars/all.yaml': 'app: { where: { secretRef: a }, password: swordfish }\n' });
    expect(await mistakes()).toEqual([
      'group_vars/all.yaml:1:15: app.where: must be text, not a secret; this variable cannot be one',
      'group_vars/all.yaml:1:43: app.password: must be a secret: secretRef: NAME, or !vault and what is encrypted',
    ]);
  });
});

describe('single encrypted values', () => {
  it('are decrypted once each, and asked for once a file', async () => {
    const value = await inline('swordfish\n', '    ');
    await write({
      'group_vars/all.yaml': `app:\n  password: ${value}  open:\n    one: ${await inline('two\nlines\n', '      ')}`,
      'host_vars/n1.yaml': `app:\n  open:\n    two: ${await inline('own', '      ')}`,
      'hosts.yaml': PLAIN['hosts.yaml']!.replace(
        'n3: { address: 10.0.0.3 }',
        `n3:\n    address: 10.0.0.3\n    become:\n      method: sudo\n      password: ${await inline('root', '        ')}`,
      ),
    });
    const { cluster, questions } = await load({});
    expect(questions.toSorted()).toEqual([
      'passphrase of group_vars/all.yaml: ',
      'passphrase of group_vars/all.yaml: ',
      'passphrase of host_vars/n1.yaml: ',
      'passphrase of hosts.yaml: ',
    ]);
    expect(cluster.secrets.map((secret) => secret.reveal()).toSorted()).toEqual(['own', 'root', 'swordfish', 'two\nlines\n']);
    expect(cluster.hosts.map(({ vars }) => (vars.app as { password: { reveal(): string } }).password.reveal())).toEqual(
      Array(3).fill('swordfish'),
    );
    const { become } = cluster.host('n3').target;
    expect(become).toMatchObject({ method: 'sudo', password: { label: 'hosts.yaml:8' } });
    expect(describeHost(viewHost(cluster, cluster.host('n1'), ['app']))).toMatch(
      /app\.password +\(encrypted\) +# group_vars\/all\.yaml:2/,
    );
  });

  it.each([
    ['no armour', 'swordfish', '!vault needs an ASCII-armoured OpenPGP message: !vault | and the armour below, indented'],
    ['cut off', '|\n    -----BEGIN PGP MESSAGE-----\n\n    abcd\n', 'does not end with the last line of the armour'],
    [
      'of ansible-vault',
      '|\n    $ANSIBLE_VAULT;1.1;AES256\n    3031\n',
      'is encrypted by ansible-vault: put the value into the vault (picluster vault set), and its name here (secretRef)',
    ],
  ])('%s: told where it stands, without a key', async (_name, text, message) => {
    await write({ 'group_vars/all.yaml': `app:\n  password: !vault ${text}` });
    expect(await mistakes()).toEqual([expect.stringMatching(/^group_vars\/all\.yaml:2:\d+: /)]);
    expect((await mistakes())[0]).toContain(message);
  });

  it('do not stand where no secret may', async () => {
    await write({ 'group_vars/all.yaml': `app:\n  where: ${await inline('x', '    ')}` });
    expect((await mistakes())[0]).toContain('app.where: must be text, not a secret');
  });
});

describe('secrets in templates', () => {
  it('names that are not there are told by file and line, for the hosts that play the role', async () => {
    await write({
      'secrets.yaml': 'app: { password: shared }\n',
      'host_vars/n2.secrets.yaml': 'own: x\n',
      'roles/asker/templates/x.conf.hbs': 'a\n  {{quote (secret "app.pasword")}}\n{{secret "own"}}\n',
      'roles/asker/role.ts': '{{secret "not a template"}}',
      'templates/quiet/y.hbs': '{{secret name}}\n{{secret "app/password"}}\n',
    });
    expect(await mistakes()).toEqual([
      'roles/asker/templates/x.conf.hbs:2:11: there is no secret "app.pasword" in secrets.yaml; did you mean "app.password"?',
      'roles/asker/templates/x.conf.hbs:3:1: there is no secret "own" for n1 in secrets.yaml (known: app.password)',
      'templates/quiet/y.hbs:1:1: {{secret}} takes a name in quotes: {{secret "k3s.token"}}',
    ]);
  });
});

describe('a key is asked for', () => {
  const VAULT = { 'secrets.yaml.asc': 'a: x\n' };
  const REF = { ...VAULT, 'host_vars/n3.yaml': 'app: { password: { secretRef: a } }\n' };
  const ROOT = {
    ...VAULT,
    'hosts.yaml': PLAIN['hosts.yaml']!.replace('10.0.0.3 }', '10.0.0.3, become: { method: sudo, passwordSecret: a } }'),
  };
  const GIT = {
    ...VAULT,
    'cluster.yaml': `${PLAIN['cluster.yaml']}gitops: { url: 'https://git.example.com/x', auth: token }\n`,
  };
  const TEMPLATE = { ...VAULT, 'templates/quiet/x.hbs': '{{quote (secret "a")}}' };
  it.each<[string, Record<string, string>, Partial<VaultUse> | undefined, number]>([
    ['by a role of a chosen host that uses secrets', VAULT, {}, 1],
    ['not when no chosen host plays it', VAULT, { limit: 'n3' }, 0],
    ['not to become root, when nobody becomes root by one', VAULT, { purpose: 'become' }, 0],
    ['not at all', REF, undefined, 0],
    ['by a variable of a chosen host', REF, { limit: 'n3' }, 1],
    ['to become root on a chosen host', ROOT, { purpose: 'become' }, 1],
    ['to become root, not on others', ROOT, { purpose: 'become', limit: 'n1' }, 0],
    ["for git's credentials", GIT, { limit: 'n3', handsOverGit: true }, 1],
    ['not for them when they stay here', GIT, { limit: 'n3' }, 0],
    ['by a template with a secret', TEMPLATE, { limit: 'n3' }, 1],
    ['for names', VAULT, { limit: 'n3', purpose: 'names' }, 1],
    ['never without anything encrypted', { 'secrets.yaml': 'a: x\n' }, {}, 0],
  ])('%s', async (_name, files, use, times) => {
    await write(files);
    const templates = { quiet: ['x.hbs'] };
    const questions: string[] = [];
    await loadCluster({
      directory,
      cwd: '/',
      env: { USER: 'someone' },
      schemas: { app },
      roleNames: ['quiet', 'asker'],
      rolesWithSecrets: ['asker'],
      templates,
      ...(use && {
        vault: {
          purpose: 'roles',
          unlock: {
            passphrase: async (question) => {
              questions.push(question);
              return 'a long passphrase';
            },
          },
          ...use,
        },
      }),
    });
    expect(questions).toHaveLength(times);
  });
});

describe('docs/secrets.md', () => {
  const text = readFileSync(new URL('../../docs/secrets.md', import.meta.url), 'utf8');
  const examples = [...text.matchAll(/^```yaml\n(k3s:[\s\S]*?)^```/gm)].map(([, yaml = '']) => yaml);

  it.each([
    ['secretRef', 0, { secretRef: 'registry.password' }],
    ['!vault', 1, '(encrypted)'],
  ])('the example of %s is accepted as it stands', async (_name, index, expected) => {
    await write({ 'secrets.yaml': 'registry: { password: x }\n', 'group_vars/all.yaml': examples[index] ?? '' });
    const cluster = await loadCluster({
      directory,
      cwd: '/',
      env: { USER: 'x' },
      schemas: roleSchemas(),
      roleNames: ['quiet', 'asker'],
    });
    const { vars } = viewHost(cluster, cluster.host('n1'), ['k3s']);
    const path = 'k3s.registries.configs.registry.example.com.auth.password';
    expect(vars.find((traced) => traced.path === path)?.value).toEqual(expected);
  });
});
