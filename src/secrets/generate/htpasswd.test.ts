import { expect, it } from 'vitest';
import { ConfigError } from '#src/errors.ts';
import { fitsHtpasswd, htpasswdLine } from './htpasswd.ts';

it('a line fits its password, and no other', async () => {
  const line = await htpasswdLine('admin', 'tschüß 🔑');
  expect(line).toMatch(/^admin:\$2y\$10\$[./A-Za-z0-9]{53}$/);
  expect(await fitsHtpasswd(line, 'tschüß 🔑')).toBe(true);
  expect(await fitsHtpasswd(line, 'tschüß 🔒')).toBe(false);
});

it.each([
  // Test vectors of crypt_blowfish.
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['', '$2y$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
])('known hashes: %j', async (password, hash) => {
  expect(await fitsHtpasswd(`admin:${hash}`, password)).toBe(true);
});

it.each(['', 'admin', 'admin:plain', 'admin:$2y$10$short'])('%j fits nothing', async (line) => {
  expect(await fitsHtpasswd(line, 'plain')).toBe(false);
});

it('what bcrypt would cut off is refused', async () => {
  await expect(htpasswdLine('admin', 'x'.repeat(73))).rejects.toThrow(ConfigError);
});
