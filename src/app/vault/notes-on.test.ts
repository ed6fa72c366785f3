import { expect, it } from 'vitest';
import { catalogueOf } from '#src/secrets/catalogue/catalogue.ts';
import { CatalogueFile } from '#src/secrets/catalogue/schema.ts';
import { certificateAuthority } from '#src/secrets/generate/certificate.ts';
import { htpasswdLine } from '#src/secrets/generate/htpasswd.ts';
import { notesOn } from './notes-on.ts';

const users = ['somebody'];
const catalogue = catalogueOf([
  CatalogueFile.parse({
    credentials: {
      ca: { kind: 'tls-ca', commonName: 'x', years: 1, users },
      password: { kind: 'password', users },
      hash: { kind: 'htpasswd', of: 'password', user: 'admin', users },
    },
  }),
]);
const MADE = new Date('2026-01-01T00:00:00Z');
const { certificate } = await certificateAuthority('x', 1, MADE);
const hash = await htpasswdLine('admin', 'swordfish');

it.each([
  ['all is well', { 'ca.certificate': certificate, password: 'swordfish', hash }, '2026-11-01', []],
  [
    'a certificate ends soon',
    { 'ca.certificate': certificate, password: 'swordfish', hash },
    '2026-12-05',
    ['ca is valid until 2027-01-01T00:00:00.000Z: picluster vault rotate ca'],
  ],
  [
    'a certificate is none',
    { 'ca.certificate': 'x', password: 'swordfish', hash },
    '2026-11-01',
    ['ca.certificate is none that can be read: picluster vault rotate ca'],
  ],
  [
    'the password is another',
    { 'ca.certificate': certificate, password: 'shark', hash },
    '2026-11-01',
    ['hash does not fit password: picluster vault rotate hash'],
  ],
])('%s', async (_name, values, now, expected) => {
  const value = (path: string) => (values as Record<string, string>)[path];
  expect(await notesOn(catalogue, ['ca', 'password', 'hash'], value, new Date(now))).toEqual(expected);
});
