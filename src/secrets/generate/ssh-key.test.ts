import { expect, it } from 'vitest';
import { ConfigError } from '#src/errors.ts';
import { sshKeyPair, sshPublicKey } from './ssh-key.ts';

it('the public line of a key is that of its pair; another key has another', async () => {
  const [pair, other] = [await sshKeyPair('flux@home'), await sshKeyPair('flux@home')];
  expect(pair.public).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]+ flux@home$/);
  expect(await sshPublicKey('git.identity', pair.private, 'flux@home')).toBe(pair.public);
  expect(other.public).not.toBe(pair.public);
});

it('what is no private key is told without repeating it', async () => {
  const error = await sshPublicKey('git.identity', 'swordfish', 'x').catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  expect(error.message).toMatch(/^git\.identity is no private key that can be read/);
  expect(error.message).not.toContain('swordfish');
});
