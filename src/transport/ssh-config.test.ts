import { expect, it } from 'vitest';
import { sshSettings } from './ssh-config.ts';

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
const always = { identitiesOnly: true, unsupported: ['Match (line 13)'] };

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
  ['bastion-only', { ...always, user: 'operator', identityFiles: [], unsupported: ['ProxyJump (line 12)', 'Match (line 13)'] }],
])('%s', (host, expected) => {
  expect(sshSettings(CONFIG, host, '/home/me')).toEqual(expected);
});

it.each([
  ['an empty file', '', none],
  ['words before the first Host', 'User root\nuser later', { ...none, user: 'root' }],
  ['ProxyJump switched off', 'Host *\nProxyJump none', none],
  ['an Include', 'Include conf.d/*', { ...none, unsupported: ['Include (line 1)'] }],
])('%s', (_, config, expected) => {
  expect(sshSettings(config, 'node1', '/home/me')).toEqual(expected);
});
