import { expect, it } from 'vitest';
import { keysIn, personOf } from './new-key.ts';

it.each([
  ['Alex <alex@example.com>', { name: 'Alex', email: 'alex@example.com' }],
  [' Robin van X  <r@x.example> ', { name: 'Robin van X', email: 'r@x.example' }],
])('%s', (text, person) => {
  expect(personOf(text)).toEqual(person);
});

it.each(['alex', 'alex@example.com', '<a@b>', 'Alex <a b@c>', 'Alex\n%no-protection <a@b.c>', 'A <a@b.c>\nx'])(
  '%j is refused',
  (text) => {
    expect(() => personOf(text)).toThrow('is not of the form');
  },
);

it('reads which keys of gpg can be encrypted to', () => {
  const sec = (capabilities: string): string => `sec:u:255:22:AAAA:1:::u:::${capabilities}:::+::ed25519:::0:`;
  const listing = [
    ...[
      sec('scESC'),
      'fpr:::::::::F1:',
      'uid:u::::1::H::Alex <alex@example.com>::::::::::0:',
      'uid:u::::1::H::Other::::::::::0:',
    ],
    ...['ssb:u:255:18:BBBB:1::::::e:::+::cv25519::', 'fpr:::::::::S1:'],
    ...[sec('scSC'), 'fpr:::::::::F2:', 'uid:u::::1::H::Signs only::::::::::0:'],
    ...[sec('scESC'), 'fpr:::::::::F3:', 'uid:u::::1::H::Robin::::::::::0:'],
  ];
  expect(keysIn(listing.join('\n'))).toEqual([
    { fingerprint: 'F1', user: 'Alex <alex@example.com>' },
    { fingerprint: 'F3', user: 'Robin' },
  ]);
});
