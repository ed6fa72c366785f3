import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#src/errors.ts';
import { certificateAuthority, serverCertificate } from './certificate.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const DAY_MS = 24 * 3_600_000;
const names = { dns: ['s3.example.com', '*.example.com'], addresses: ['10.0.0.1'] };
const ca = await certificateAuthority('home CA', 10, NOW);
const leaf = await serverCertificate('ca', ca, names, 397, NOW);
const [authority, server] = [new X509Certificate(ca.certificate), new X509Certificate(leaf.certificate)];

describe('an authority', () => {
  it('signs itself and others, for its years, from an hour ago', () => {
    expect([authority.ca, authority.subject, authority.issuer]).toEqual([true, 'CN=home CA', 'CN=home CA']);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect(new Date(authority.validFrom)).toEqual(new Date('2026-11-21T09:00:00Z'));
    expect(new Date(authority.validTo)).toEqual(new Date('2036-11-21T10:00:00Z'));
  });

  it('no two are the same', async () => {
    const other = new X509Certificate((await certificateAuthority('home CA', 10, NOW)).certificate);
    expect([other.serialNumber, other.fingerprint256]).not.toEqual([authority.serialNumber, authority.fingerprint256]);
    expect(server.verify(other.publicKey)).toBe(false);
  });
});

describe("a server's certificate", () => {
  it('is signed by its authority, for its names and days, and signs nothing', () => {
    expect([server.ca, server.verify(authority.publicKey), server.checkIssued(authority)]).toEqual([false, true, true]);
    expect(server.subjectAltName).toBe('DNS:s3.example.com, DNS:*.example.com, IP Address:10.0.0.1');
    expect(server.checkHost('x.example.com')).toBe('*.example.com');
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(new Date(server.validTo).getTime() - NOW.getTime()).toBe(397 * DAY_MS);
  });

  it('does not outlive its authority', async () => {
    const later = new Date(new Date(authority.validTo).getTime() - DAY_MS);
    const { certificate } = await serverCertificate('ca', ca, names, 397, later);
    expect(new X509Certificate(certificate).validTo).toBe(authority.validTo);
  });
});

it.each([
  ['no PEM', { certificate: 'x', key: ca.key }, NOW, 'ca in the vault is no certificate'],
  ["another's key", { certificate: ca.certificate, key: leaf.key }, NOW, 'does not belong to its certificate'],
  ['no authority', leaf, NOW, 'is no certificate of an authority'],
  ['an authority that ended', ca, new Date('2036-11-21T10:00:01Z'), 'is valid until Nov 21 10:00:00 2036 GMT only'],
])('no certificate by %s', async (_name, by, now, message) => {
  const error = await serverCertificate('ca', by, names, 1, now).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toContain(message);
});
