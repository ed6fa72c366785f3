import { expect, it } from 'vitest';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { CatalogueFile } from '../catalogue/schema.ts';
import { planGeneration } from './plan.ts';

const users = ['somebody'];
const catalogue = catalogueOf([
  CatalogueFile.parse({
    credentials: {
      hash: { kind: 'htpasswd', of: 'password', user: 'admin', users },
      password: { kind: 'password', users },
      agent: { kind: 'k3s-token', onlyWith: 'token', users },
      token: { kind: 'k3s-token', users },
      key: { kind: 'ssh-key', public: 'keyPublic', users },
      ca: { kind: 'tls-ca', commonName: 'x', years: 1, users },
      leaf: { kind: 'tls-leaf', ca: 'ca', dns: ['x.example.com'], days: 1, users },
      api: { kind: 'given', question: 'x', users },
    },
  }),
]);
const ALL = [...catalogue.credentials.keys()];
const plan = (wanted: readonly string[], there: readonly string[], named: readonly string[] = []) => {
  const found = planGeneration(catalogue, wanted, (path) => there.includes(path), new Set(named));
  return Object.fromEntries(Object.entries(found).filter(([, names]) => names.length > 0));
};

it.each([
  [
    'everything from nothing, sources first',
    ALL,
    [],
    { made: ['password', 'agent', 'token', 'key', 'ca', 'hash', 'leaf'], asked: ['api'] },
  ],
  ['nothing wanted', [], [], {}],
  ['what another is made of', ['leaf'], [], { made: ['ca', 'leaf'] }],
  ['what is there is not made again', ['hash', 'password'], ['password'], { made: ['hash'], there: ['password'] }],
  ['what is whole needs no source', ['hash'], ['hash'], { there: ['hash'] }],
  ['what only goes with another that is there', ['agent', 'token'], ['token'], { there: ['token'] }],
  ['the public key of a private one', ['key'], ['key'], { completed: ['key'] }],
  [
    'a certificate without its key',
    ['ca'],
    ['ca.certificate'],
    { halves: [{ name: 'ca', there: ['ca.certificate'], missing: ['ca.key'] }] },
  ],
  ['a public key alone', ['key'], ['keyPublic'], { halves: [{ name: 'key', there: ['keyPublic'], missing: ['key'] }] }],
])('%s', (_name, wanted, there, expected) => {
  expect(plan(wanted, there)).toEqual(expected);
});

it('by its name, also what only goes with another', () => {
  expect(plan(['agent'], ['token'], ['agent'])).toEqual({ made: ['agent'] });
});
