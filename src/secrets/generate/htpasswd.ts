import { ConfigError } from '#src/errors.ts';

/** bcrypt hashes no more of a password. */
const BYTES_HASHED = 72;
const COST = 10;

/** A line of htpasswd with bcrypt. Throws ConfigError for a password of which bcrypt would ignore the end. */
export async function htpasswdLine(user: string, password: string): Promise<string> {
  if (Buffer.byteLength(password) > BYTES_HASHED)
    throw new ConfigError(
      `the password of ${user} is longer than the ${BYTES_HASHED} bytes that bcrypt hashes; nothing was written`,
    );
  const { hash } = await import('bcryptjs');
  // Apache knows the same algorithm by its older name only.
  return `${user}:${(await hash(password, COST)).replace(/^\$2b\$/, '$2y$')}`;
}

/** Whether a line made here is still that of a password. */
export async function fitsHtpasswd(line: string, password: string): Promise<boolean> {
  const { compare } = await import('bcryptjs');
  return await compare(password, line.slice(line.indexOf(':') + 1).trim());
}
