import { expect, it } from 'vitest';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { CatalogueFile } from '../catalogue/schema.ts';
import { afterRotation, describeRotation, planRotation } from './rotation-plan.ts';

const catalogue = catalogueOf([
  CatalogueFile.parse({
    credentials: {
      password: { kind: 'password', users: ['the door'], kv: { path: 'a/b', key: 'c' }, afterwards: ['tell people'] },
      hash: { kind: 'htpasswd', of: 'password', user: 'admin', users: ['the ingress'] },
      token: { kind: 'k3s-token', users: ['servers'], refusal: 'it would break', afterwards: ['do this'] },
      ca: { kind: 'tls-ca', commonName: 'x', years: 1, users: ['all'], whenMade: ['trust it'] },
      leaf: { kind: 'tls-leaf', ca: 'ca', dns: ['x.example.com'], days: 1, users: ['x'] },
    },
  }),
]);
const THERE = ['password', 'hash', 'token', 'ca.key', 'ca.certificate', 'leaf.key', 'leaf.certificate', 'mine.own'];
const pending = (name: string, path: string) => ({ name, since: 'then', old: new Map([[path, 'x']]) });
const plan = (named: readonly string[], { there = THERE, waiting = [] as ReturnType<typeof pending>[], isForced = false } = {}) =>
  planRotation(catalogue, named, (path) => there.includes(path), waiting, isForced);

it.each([
  ['a password and its hash', ['password'], ['password > hash: password, hash']],
  ['the hash alone', ['hash'], ['hash: hash']],
  ['both, once', ['hash', 'password'], ['password > hash: password, hash']],
  ['one by two paths', ['ca.key', 'ca'], ['ca > leaf: ca.key, ca.certificate, leaf.key, leaf.certificate']],
  ['one that no catalogue knows', ['mine.own'], ['mine.own: mine.own']],
])('%s', (_name, named, expected) => {
  const { targets, unknown, refusals } = plan(named);
  const shown = targets.map(({ name, dependants, paths }) => `${[name, ...dependants.keys()].join(' > ')}: ${paths.join(', ')}`);
  expect({ shown, unknown, refusals }).toEqual({ shown: expected, unknown: [], refusals: [] });
});

it('what is made of it and is not there is not made', () => {
  expect(plan(['password'], { there: ['password'] }).targets[0]?.paths).toEqual(['password']);
});

it('what is not there, wholly, is unknown', () => {
  expect(plan(['passwort', 'ca', 'mine'], { there: ['ca.key'] }).unknown).toEqual(['passwort', 'ca', 'mine']);
});

it('one that waits to be confirmed is refused, also where it is only a part', () => {
  for (const waiting of [[pending('hash', 'hash')], [pending('password', 'password')]])
    expect(plan(['password'], { waiting, isForced: true }).refusals[0]).toContain(`rotate --confirm ${waiting[0]?.name}`);
  expect(plan(['ca'], { waiting: [pending('password', 'password')] }).refusals).toEqual([]);
});

it('one that would break what runs is refused unless forced', () => {
  expect(plan(['token']).refusals).toEqual(['token: it would break\n    do this\n    Once you are ready: --force']);
  expect(plan(['token'], { isForced: true }).refusals).toEqual([]);
});

it('who needs it is said before, what is left to do after', () => {
  expect(describeRotation(plan(['password']))).toEqual([
    'password is made anew; it is needed by:',
    '  the door',
    '  Vault, which keeps it at a/b, key c',
    'hash is made anew, too, as it is made of password; it is needed by:',
    '  the ingress',
  ]);
  expect(describeRotation(plan(['mine.own']))[0]).toBe('mine.own is asked for; it is needed by:');
  expect(afterRotation(plan(['password', 'ca']))).toEqual(['  password: tell people', '  ca: trust it']);
});
