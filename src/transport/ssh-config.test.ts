import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sshSettings } from './ssh-config.ts';
import { parseSshConfig, readSshConfig } from './ssh-config-file.ts';

const CONFIG = `
# the lab at home
Host node1 node2   # both
  HostName %h.home.example.com
  Port 2222
  IdentityFile ~/.ssh/home
Host node? !node3
  User pi
  port=2200
  IdentityFile "%d/.ssh/key of all"
Host bastion-only
  ProxyJump bastion
Match exec "true"
  User nobody
Host *
  User operator
  IdentitiesOnly yes
  IdentityFile none
`;

const none = { identityFiles: [], identitiesOnly: false, unsupported: [] };
const always = { identitiesOnly: true, unsupported: ['Match exec (line 13)'] };

it.each([
  [
    'node1',
    {
      ...always,
      hostName: 'node1.home.example.com',
      port: 2222,
      user: 'pi',
      identityFiles: ['/home/me/.ssh/home', '/home/me/.ssh/key of all'],
    },
  ],
  ['node3', { ...always, user: 'operator', identityFiles: [] }],
  ['node4', { ...always, user: 'pi', port: 2200, identityFiles: ['/home/me/.ssh/key of all'] }],
  ['node44', { ...always, user: 'operator', identityFiles: [] }],
  ['bastion-only', { ...always, user: 'operator', identityFiles: [], proxyJump: ['bastion'] }],
])('%s', (host, expected) => {
  expect(sshSettings(parseSshConfig(CONFIG), host, '/home/me')).toEqual(expected);
});

it.each([
  ['an empty file', '', none],
  ['words before the first Host', 'User root\nuser later', { ...none, user: 'root' }],
  ['ProxyJump switched off', 'Host *\nProxyJump none\nProxyJump bastion', { ...none, proxyJump: [] }],
  ['a chain', 'ProxyJump a,pi@b:2222', { ...none, proxyJump: ['a', 'pi@b:2222'] }],
  ['ProxyCommand', 'ProxyCommand nc %h %p\nProxyJump bastion', { ...none, proxyCommand: 'line 1' }],
  ['ProxyJump before ProxyCommand', 'ProxyJump bastion\nProxyCommand nc %h %p', { ...none, proxyJump: ['bastion'] }],
  ['ProxyCommand none', 'ProxyCommand none\nProxyJump bastion', none],
  ['a word that is not followed', 'HostKeyAlias x', { ...none, unsupported: ['HostKeyAlias (line 1)'] }],
  ['Match all', 'Host other\nPort 1\nMatch all\nPort 2', { ...none, port: 2 }],
  [
    'Match host',
    'HostName 10.0.0.1\nMatch host node1\nPort 1\nMatch host 10.*,x\nPort 2',
    { ...none, hostName: '10.0.0.1', port: 2 },
  ],
  ['Match originalhost', 'HostName 10.0.0.1\nMatch originalhost node1\nPort 1', { ...none, hostName: '10.0.0.1', port: 1 }],
  [
    'Match with two criteria',
    'User pi\nMatch host node1 user root\nPort 1\nMatch host node1 !user root\nPort 2',
    { ...none, user: 'pi', port: 2 },
  ],
  ['Match localuser', `Match localuser ${userInfo().username}\nPort 1`, { ...none, port: 1 }],
  ['Match final', 'Match final host node1\nPort 1', { ...none, unsupported: ['Match final (line 1)'] }],
])('%s', (_, config, expected) => {
  expect(sshSettings(parseSshConfig(config), 'node1', '/home/me')).toEqual(expected);
});

it('follows Include: globs, in its place, with Host blocks that end with their file', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  try {
    mkdirSync(join(directory, 'conf.d'));
    const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);
    write('config', `Host node1\n  Include ${directory}/conf.d/*.conf ${directory}/missing\n  Port 4\nHost *\n  User last`);
    write('conf.d/10-first.conf', 'Host other\nPort 1\nHost node*\nIdentityFile /one');
    write('conf.d/20-second.conf', `User second\nMatch exec x\nUser third\nMatch all\nInclude ${directory}/config`);
    write('conf.d/ignored', 'Port 5');
    const config = await readSshConfig(join(directory, 'config'));
    const { unsupported, ...rest } = sshSettings(config, 'node1', '/home/me');
    expect(rest).toMatchObject({ port: 4, user: 'second', identitiesOnly: false });
    expect(unsupported[0]).toBe(`Match exec (${directory}/conf.d/20-second.conf:2)`);
    expect(sshSettings(config, 'node2', '/home/me')).toEqual({ ...none, user: 'last' });
    expect(await readSshConfig(join(directory, 'nowhere'))).toEqual([]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
