import { X509Certificate } from 'node:crypto';
import type { Catalogue } from '#src/secrets/catalogue/catalogue.ts';
import { fitsHtpasswd } from '#src/secrets/generate/htpasswd.ts';

const SOON_MS = 30 * 24 * 3_600_000;

/** What is there and will not do for long, or does no more: certificates that end, hashes of passwords that were changed by hand. */
export async function notesOn(
  { credentials }: Catalogue,
  names: readonly string[],
  value: (path: string) => string | undefined,
  now: Date,
): Promise<string[]> {
  const notes: string[] = [];
  for (const name of names) {
    const credential = credentials.get(name);
    const renew = `picluster vault rotate ${name}`;
    if (credential?.kind === 'tls-ca' || credential?.kind === 'tls-leaf') {
      const until = endOf(value(`${name}.certificate`) ?? '');
      if (until === undefined) notes.push(`${name}.certificate is none that can be read: ${renew}`);
      else if (until.getTime() - now.getTime() < SOON_MS) notes.push(`${name} is valid until ${until.toISOString()}: ${renew}`);
    }
    if (credential?.kind === 'htpasswd' && !(await fitsHtpasswd(value(name) ?? '', value(credential.of) ?? '')))
      notes.push(`${name} does not fit ${credential.of}: ${renew}`);
  }
  return notes;
}

function endOf(pem: string): Date | undefined {
  try {
    return new Date(new X509Certificate(pem).validTo);
  } catch {
    return undefined;
  }
}
