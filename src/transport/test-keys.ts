import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';

type KeyPair = ReturnType<typeof ssh2.utils.generateKeyPairSync>;

/** A key pair for tests. ssh2 writes one of 200 ed25519 keys such that nobody can read it (a leading zero goes lost): those are made anew. */
export function testKeyPair(options?: { passphrase: string; cipher: string; rounds: number }): KeyPair {
  for (;;) {
    const pair = options ? ssh2.utils.generateKeyPairSync('ed25519', options) : ssh2.utils.generateKeyPairSync('ed25519');
    const isReadable = [ssh2.utils.parseKey(pair.private, options?.passphrase), ssh2.utils.parseKey(pair.public)].every(
      (key) => !(key instanceof Error),
    );
    if (isReadable) return pair;
  }
}

/** A private key file in the directory, and its public half as servers compare it. */
export function writeTestIdentity(directory: string): { identity: string; publicKey: Buffer } {
  const pair = testKeyPair();
  const identity = join(directory, 'id');
  writeFileSync(identity, pair.private, { mode: 0o600 });
  const parsed = ssh2.utils.parseKey(pair.public);
  if (parsed instanceof Error) throw parsed;
  return { identity, publicKey: parsed.getPublicSSH() };
}
