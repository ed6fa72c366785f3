import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { releaseVariables } from '#src/cluster/release-variables.ts';
import { decryptAnsibleVault } from '#src/secrets/ansible-vault.ts';
import { importAnsible } from './import.ts';
import { expandRange, groupsOfHost, hostsOfGroup, readInventory } from './inventory.ts';
import { resolve, Unresolved } from './jinja.ts';
import { readProject } from './read.ts';
import { clusterFiles, importReport } from './write.ts';
import { Encrypted, parseAnsibleYaml } from './yaml.ts';

const EXAMPLE = fileURLToPath(new URL('example', import.meta.url));

describe('references', () => {
  const vars = { a: 1, deep: { b: 'x', list: ['y'] }, chain: '{{ deep.b }}', loop: '{{ loop }}', vault: new Encrypted() };
  it.each([
    ['plain', 'plain'],
    ['{{ a }}', 1],
    ["{{ deep['b'] }}-{{ a }}", 'x-1'],
    ['{{ deep.list }}', ['y']],
    ['{{ chain }}', 'x'],
    ['{{ nope | default("z") }}', 'z'],
    ["{{ a | default('z') }}", 1],
    [{ k: ['{{ a }}'] }, { k: [1] }],
  ])('%j is %j', (value, expected) => {
    expect(resolve(value, vars)).toEqual(expected);
  });

  it.each(['{{ nope }}', 'x {{ nope.y }}', '{{ a | int }}', '{% if a %}b{% endif %}', "{{ groups['x'] | first }}", '{{ loop }}'])(
    '%s is unresolved',
    (value) => {
      expect(resolve(value, vars)).toBeInstanceOf(Unresolved);
    },
  );

  it('what is encrypted stays encrypted, also inside a text', () => {
    expect(resolve('{{ vault }}', vars)).toBeInstanceOf(Encrypted);
    expect(resolve('a {{ vault }}', vars)).toBeInstanceOf(Encrypted);
  });
});

describe('a file', () => {
  it('may hold values of ansible-vault', () => {
    const { data, lineOf, problem } = parseAnsibleYaml(
      'f.yml',
      'a: 1\nb: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nc: !unsafe "{{ x }}"\n',
    );
    expect(problem).toBeUndefined();
    expect(data).toEqual({ a: 1, b: new Encrypted(), c: '{{ x }}' });
    expect([lineOf('a'), lineOf('b'), lineOf('c')]).toEqual([1, 2, 5]);
  });

  it.each([
    ['$ANSIBLE_VAULT;1.2;AES256;home\n6162\n', 'is encrypted with ansible-vault as a whole'],
    ['a: [1\n', 'line 2:'],
    ['- a\n', 'is not a map'],
  ])('%j says what is wrong', (text, problem) => {
    expect(parseAnsibleYaml('f.yml', text).problem).toContain(problem);
  });
});

describe('an inventory', () => {
  it('counts ranges as Ansible does', () => {
    expect(expandRange('n[1:3]')).toEqual(['n1', 'n2', 'n3']);
    expect(expandRange('n[08:10].x')).toEqual(['n08.x', 'n09.x', 'n10.x']);
    expect(expandRange('a[1:2]b[1:2]')).toEqual(['a1b1', 'a1b2', 'a2b1', 'a2b2']);
  });

  it('joins what several places say of a host or a group, and survives groups that hold each other', () => {
    const inventory = readInventory({
      all: {
        children: {
          a: { hosts: { n1: { x: 1 } }, children: { b: null } },
          b: { hosts: { n1: { y: 2 }, n2: null }, children: { a: null } },
        },
      },
    });
    expect(inventory.hosts.get('n1')).toEqual({ x: 1, y: 2 });
    expect(hostsOfGroup(inventory, 'a')).toEqual(['n1', 'n2']);
    expect(groupsOfHost(inventory, 'n2').at(0)).toBe('all');
  });
});

describe('the example', async () => {
  const { project, problems } = await readProject(EXAMPLE, {});
  const releases = await releaseVariables();
  const imported = importAnsible(project, { name: 'home', release: undefined, releases });

  it('becomes a cluster directory', async () => {
    const files = clusterFiles(imported).map(({ path, text }) => `== ${path}\n${text}`);
    await expect(files.join('')).toMatchFileSnapshot('example.golden.txt');
  });

  it('is told: what to do, what was taken otherwise, what was left', async () => {
    await expect(importReport({ ...imported, todo: [...problems, ...imported.todo] }, 'home')).toMatchFileSnapshot(
      'report.golden.txt',
    );
  });

  it('a token that is not encrypted becomes a secret', () => {
    const playVars = project.playVars.map((file) => ({ ...file, data: { ...file.data, k3s_token: 'abc' } }));
    const { draft, todo } = importAnsible({ ...project, playVars }, { name: 'home', release: 'v1.9', releases });
    expect(draft.secrets).toEqual({ 'k3s.token': 'abc' });
    expect(clusterFiles({ ...imported, draft }).find(({ isSecret }) => isSecret)).toMatchObject({
      path: 'secrets.yaml',
      text: 'k3s:\n  token: abc\n',
    });
    expect(todo.join()).not.toContain('k3s.token');
  });

  it('what ansible-vault encrypted becomes a secret with its passphrase, and goes into no other file', () => {
    const armor = readFileSync(new URL('../../secrets/testing/ansible-vault/v1.1.yml', import.meta.url), 'utf8');
    const open = (file: string, text: string): string => decryptAnsibleVault(file, text, 'a long passphrase');
    const vault = parseAnsibleYaml('vars/vault.yml', armor, open);
    expect(vault.problem).toBeUndefined();
    const data = { k3s_token: '{{ k3s.token }}', k3s_agent_config: { debug: '{{ k3s.token }}' }, dns_domain: '{{ k3s.token }}' };
    const playVars = [...project.playVars, vault, { ...vault, data }];
    const sealed = importAnsible({ ...project, playVars }, { name: 'home', release: 'v1.9', releases });
    expect(sealed.draft.secrets).toEqual({ 'k3s.token': 'swordfish' });
    const plain = clusterFiles(sealed).filter(({ isSecret }) => !isSecret);
    expect(plain.map(({ text }) => text).join('') + importReport(sealed, 'home')).not.toContain('swordfish');
    expect(() => parseAnsibleYaml('vars/vault.yml', armor, (file, text) => decryptAnsibleVault(file, text, 'wrong'))).toThrow(
      'does not open vars/vault.yml',
    );
  });

  it('a K3s that no release has is said', () => {
    const playVars = project.playVars.map((file) => ({ ...file, data: { ...file.data, k3s_version: 'v1.30.2+k3s1' } }));
    const { draft, todo } = importAnsible({ ...project, playVars }, { name: 'home', release: undefined, releases });
    expect(draft.cluster.release).toBe('v1.9');
    expect(todo).toContain("release: the project's K3s is v1.30.2+k3s1, v1.9 has v1.30.2+k3s2: the plan will show that change");
  });
});
