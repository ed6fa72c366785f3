import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { fingerprint, hostKeyAlgorithms, judgeHostKey, keyType } from './host-key.ts';
import { KnownHosts, parseKnownHosts } from './known-hosts.ts';

/** A public key blob of a type: length, name, anything. */
const blob = (type: string, body: string): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type + body)]);
const ED25519 = blob('ssh-ed25519', 'one');
const OTHER = blob('ssh-ed25519', 'two');
const RSA = blob('ssh-rsa', 'three');

describe('judgeHostKey', () => {
  it.each([
    ['the first contact', [], [], { trust: 'first' }],
    ['a known key', [], [RSA, ED25519], { trust: 'known' }],
    ['another key than the known one', [], [OTHER], { trust: 'mismatch', expected: [fingerprint(OTHER)], source: 'known' }],
    ['a pinned key', [fingerprint(OTHER), fingerprint(ED25519)], [], { trust: 'known' }],
    ['a pinned key, whatever was known', [fingerprint(ED25519)], [OTHER], { trust: 'known' }],
    [
      'another key than the pinned one, though known',
      [fingerprint(OTHER)],
      [ED25519],
      { trust: 'mismatch', expected: [fingerprint(OTHER)], source: 'pinned' },
    ],
  ])('%s', (_, pinned, known, expected) => {
    expect(judgeHostKey(ED25519, pinned, known)).toEqual(expected);
  });
});

it('asks first for keys of a type that is known', () => {
  expect(keyType(RSA)).toBe('ssh-rsa');
  expect(hostKeyAlgorithms([]).at(0)).toBe('ssh-ed25519');
  expect(hostKeyAlgorithms([RSA]).slice(0, 3)).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
});

it('reads plain entries and passes over the others', () => {
  const encoded = ED25519.toString('base64');
  const keys = parseKnownHosts(
    `# a comment\n\nnode1,10.0.0.11 ssh-ed25519 ${encoded}\n|1|salt|hash ssh-ed25519 ${encoded}\n@revoked * ssh-rsa AAAA\nnode1 ssh-rsa ${RSA.toString('base64')}\nbroken\n`,
  );
  const plain = [...keys].map(([name, entries]) => [name, entries.map(({ key }) => key)]);
  expect(Object.fromEntries(plain)).toEqual({ node1: [ED25519, RSA], '10.0.0.11': [ED25519] });
});

const NOW = new Date('2026-01-02T03:04:05Z');

describe('KnownHosts', () => {
  const directory = mkdtempSync(join(tmpdir(), 'picluster-test-'));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('keeps what it was told, in a file that OpenSSH reads', () => {
    const path = join(directory, 'state', 'known_hosts');
    const first = KnownHosts.open(path);
    expect(first.keysOf('10.0.0.11', 22)).toEqual([]);
    first.add('10.0.0.11', 22, ED25519, NOW);
    first.add('10.0.0.11', 2222, OTHER, NOW);
    expect(readFileSync(path, 'utf8')).toBe(
      `10.0.0.11 ssh-ed25519 ${ED25519.toString('base64')} since ${NOW.toISOString()}\n[10.0.0.11]:2222 ssh-ed25519 ${OTHER.toString('base64')} since ${NOW.toISOString()}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = KnownHosts.open(path);
    expect([second.keysOf('10.0.0.11', 22), second.keysOf('10.0.0.11', 2222)]).toEqual([[ED25519], [OTHER]]);
  });

  it('replaces the key of one address, and leaves every other line as it is', () => {
    const path = join(directory, 'known_hosts');
    const line = (names: string, key: Buffer): string => `${names} ${keyType(key)} ${key.toString('base64')}`;
    const kept = ['# mine', `|1|salt|hash ssh-ed25519 ${ED25519.toString('base64')}`, line('other', RSA)];
    mkdirSync(directory, { recursive: true });
    writeFileSync(path, [...kept, line('n1', ED25519), line('n1', RSA), line('n1,alias', RSA)].join('\n'));
    const known = KnownHosts.open(path);
    known.replace('n1', 22, OTHER, NOW);
    expect(readFileSync(path, 'utf8')).toBe(
      `${[...kept, line('alias', RSA), `${line('n1', OTHER)} since ${NOW.toISOString()}`].join('\n')}\n`,
    );
    expect(known.entriesOf('n1', 22)).toEqual([{ key: OTHER, since: NOW.toISOString() }]);
    expect(known.keysOf('other', 22)).toEqual([RSA]);
    expect(readdirSync(directory)).toEqual(['known_hosts']);
  });
});
