import { z } from 'zod';

const text = z.string().min(1);
/** A path in the vault: only names that `vault set` takes, too. */
const Path = z.string().regex(/^[\w-]+(\.[\w-]+)*$/, 'must be a path such as minio.loki');

const For = z.strictObject({
  role: text.optional().describe('A group plays this role'),
  gitAuth: z.enum(['token', 'ssh']).optional().describe('gitops.auth of the cluster'),
  service: text.optional().describe('One of services, named in credentials of cluster.yaml'),
  since: text.optional().describe('First release that has it'),
});

const Kv = z.strictObject({
  path: text.describe('Below the mount of the KV engine'),
  key: text,
  constants: z.record(z.string(), text).default({}).describe('What stands beside it and is no secret'),
});

const common = {
  for: For.default({}).describe('All of it must hold; without it every cluster needs the credential'),
  onlyWith: Path.optional().describe('Made in the run that makes this one, or when it is named'),
  users: z.array(text).min(1).describe('Systems that need a new value'),
  kv: Kv.optional().describe('Where Vault keeps it'),
  refusal: text.optional().describe('Why it is not rotated unless forced'),
  whenMade: z.array(text).default([]).describe('What else is to be done whenever there is a new one'),
  afterwards: z.array(text).default([]).describe('What else is to be done once it was rotated'),
};

const bytes = z.int().min(16).max(1024);
const length = z.int().min(12).max(1024).default(32);

const Credential = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('password'), length, ...common }).describe('Letters and digits'),
  z.strictObject({ kind: z.literal('token'), length, ...common }).describe('Letters, digits, - and _'),
  z.strictObject({ kind: z.literal('hex'), bytes, ...common }),
  z.strictObject({ kind: z.literal('base64'), bytes, ...common }),
  z.strictObject({ kind: z.literal('k3s-token'), ...common }),
  z.strictObject({ kind: z.literal('cookie-secret'), bytes: z.literal([16, 24, 32]), ...common }).describe('Key of AES'),
  z
    .strictObject({
      kind: z.literal('htpasswd'),
      of: Path,
      user: z.string().regex(/^[^:\s]+$/, 'must be without colons and blanks'),
      ...common,
    })
    .describe('user:bcrypt of another credential'),
  z
    .strictObject({ kind: z.literal('ssh-key'), public: Path, comment: text.default('{cluster}'), ...common })
    .describe('Ed25519, OpenSSH'),
  z
    .strictObject({ kind: z.literal('tls-ca'), commonName: text, years: z.int().min(1).max(20), ...common })
    .describe('Certificate authority: NAME.certificate, NAME.key'),
  z
    .strictObject({
      kind: z.literal('tls-leaf'),
      ca: Path,
      dns: z.array(text).min(1),
      addresses: z.array(z.ipv4()).default([]),
      days: z.int().min(1).max(3650),
      ...common,
    })
    .describe('Certificate of a server, signed by a tls-ca: NAME.certificate, NAME.key'),
  z.strictObject({ kind: z.literal('given'), question: text, ...common }).describe('Nobody but a person has it'),
]);
export type Credential = z.infer<typeof Credential>;
export type CredentialOf<Kind extends Credential['kind']> = Extract<Credential, { kind: Kind }>;

/** credentials.yaml: picluster's own, and one that may lie beside cluster.yaml. */
export const CatalogueFile = z.strictObject({
  services: z.record(z.string(), text).default({}).describe('What credentials of cluster.yaml may name'),
  credentials: z.record(Path, Credential).default({}),
});
export type CatalogueFile = z.infer<typeof CatalogueFile>;
