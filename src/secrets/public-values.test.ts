import { expect, it } from 'vitest';
import { isPublic } from './public-values.ts';
import { Secret } from './secret.ts';

const pem = (what: string): string => `-----BEGIN ${what}-----\nMIIBZDCCAQqgAwIBAgIQ\nc/60v6Dtewc=\n-----END ${what}-----\n`;
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJF2gkx';

it.each([
  ['a certificate', pem('CERTIFICATE'), true],
  ['a chain of them', pem('CERTIFICATE') + pem('CERTIFICATE'), true],
  ['a public key', pem('PUBLIC KEY'), true],
  ['a public key of SSH', `${KEY} flux@home\n`, true],
  ['host keys', `git.example.com,[10.0.0.1]:22 ${KEY}\n|1|abc=|def= ecdsa-sha2-nistp256 AAAAE2VjZHNh\n`, true],
  ['a private key', pem('PRIVATE KEY'), false],
  ['a certificate with its key', pem('CERTIFICATE') + pem('PRIVATE KEY'), false],
  ['a word before a certificate', `swordfish ${pem('CERTIFICATE')}`, false],
  ['a password after a key', `${KEY} flux swordfish`, false],
  ['a password', 'ssh-swordfish AAAA!', false],
])('%s', (_name, value, expected) => {
  expect(isPublic(new Secret(value, 'a.value'))).toBe(expected);
});

it.each([
  ['git.username', true],
  ['user', true],
  ['git.users', false],
])('by name: %s', (label, expected) => {
  expect(isPublic(new Secret('swordfish', label))).toBe(expected);
});

it.each([
  ['letters', 'a'.repeat(200_000)],
  ['words after a key', `${KEY} ${'a '.repeat(50_000)}!`],
  ['many certificates', `${pem('CERTIFICATE').repeat(500)}!`],
])('a long text comes to an end: %s', (_name, value) => {
  expect(isPublic(new Secret(value, 'x'))).toBe(false);
});
