import { z } from 'zod';
import { Secret } from '#src/secrets/secret.ts';
import { hasZone, isAddress, isDnsName, isHostName, isJump, parseCidr } from './address.ts';
import { After } from './after.ts';
import { Hooks } from './hooks.ts';

const Address = z
  .string()
  .refine(isAddress, 'must be an IP address or a DNS name in lower case')
  .refine(hasZone, 'is the same on every network: say through which interface, as in fe80::1%eth0')
  .describe('IP address or DNS name');
const Port = z.int().min(1).max(65535);
const Cidr = z.string().refine((text) => parseCidr(text) !== undefined, 'must be a range such as 10.42.0.0/16');
const Name = z.string().refine(isHostName, 'must be a name of a-z, 0-9 and - (RFC 1123)');
const OneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item)]);
const HttpUrl = z.string().regex(/^https?:\/\/[^\s/]+/, 'must be a URL that begins with http:// or https://');
const Fingerprint = z
  .string()
  .regex(/^SHA256:[A-Za-z0-9+/]{43}=?$/, 'must be a fingerprint as ssh-keygen -l prints it: SHA256: and 43 characters');

const Jump = z
  .string()
  .refine(isJump, 'must be a host of the inventory, [user@]address[:port] (IPv6 in brackets before a port), or none');

const Become = z
  .union([
    z.enum(['none', 'sudo', 'doas']),
    z.strictObject({
      method: z.enum(['none', 'sudo', 'doas']),
      password: z
        .custom<'ask' | Secret>(
          (word) => word === 'ask' || word instanceof Secret,
          'must be "ask"; a password itself belongs into the secrets: passwordSecret',
        )
        .optional()
        .meta({ type: 'string', description: 'ask: you are asked for it, once for all hosts; or !vault and what is encrypted' }),
      passwordSecret: z.string().optional().describe("Name of the password in the cluster's secrets: become.n1"),
    }),
  ])
  .describe('How the login user becomes root');

/** How hosts are reached; in a host, a group or for all in cluster.yaml. */
const ssh = {
  user: z.string().min(1).optional().describe('Login user; default: yours'),
  port: Port.optional().describe('Default: 22'),
  identityFile: OneOrMore(z.string()).optional().describe('Private keys; ~ is your home'),
  become: Become.optional(),
  jump: OneOrMore(Jump)
    .optional()
    .describe(
      'Reached through these, the nearest to you first: hosts of the inventory, or [user@]address[:port]; none: directly',
    ),
  connectTimeout: z.int().min(1).max(600).optional().describe('Seconds; default: 20'),
};
export const SshDefaults = z.strictObject(ssh);
export type SshSettings = z.infer<typeof SshDefaults>;

export const HOST_KEYS = {
  address: Address,
  ...ssh,
  hostKey: OneOrMore(Fingerprint).optional().describe('Pinned fingerprints: SHA256:...'),
};

const Network = z.strictObject({
  domain: z
    .string()
    .refine(isDnsName, 'must be a DNS name in lower case')
    .default('home.arpa')
    .describe('DNS domain of the nodes'),
  apiEndpoint: z
    .strictObject({ host: Address, port: Port.default(6443) })
    .optional()
    .describe('Where API clients find the cluster; default: the server whose name sorts first'),
  clusterCidr: Cidr.default('10.42.0.0/16').describe('Addresses of pods'),
  serviceCidr: Cidr.default('10.43.0.0/16').describe('Addresses of services'),
});

const GitOps = z.strictObject({
  url: z.string().regex(/^(?:https?|ssh):\/\/\S+$/, 'must be a URL: https://..., http://... or ssh://...'),
  branch: z.string().min(1).default('main'),
  path: z
    .string()
    .regex(/^\.?\/?[\w./-]*$/, 'must be a path in the repository')
    .default('./'),
  interval: z
    .string()
    .regex(/^(?:\d+(?:\.\d+)?(?:h|m|s|ms))+$/, 'must be a duration such as 1m or 30s')
    .default('1m')
    .describe('How often Flux looks'),
  timeout: z
    .string()
    .regex(/^(?:\d+(?:h|m|s))+$/, 'must be a duration such as 10m or 1m30s')
    .default('10m')
    .describe('How long bootstrap waits for the controllers of Flux, and then for what is in git'),
  auth: z.enum(['none', 'token', 'ssh']).default('none').describe('Credentials; their values are the secrets git.*'),
  settings: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'must be a name of letters, digits and _'), z.string())
    .default({})
    .describe('ConfigMap cluster-settings, for postBuild substitution'),
  before: z.array(z.string()).default([]).describe('Manifests in this directory that are applied before Flux: a CNI'),
});

const Artifacts = z.strictObject({
  mirror: OneOrMore(HttpUrl).optional().describe('Tried first: the URL of an artifact, without its scheme, is appended'),
  cache: z.string().optional().describe('Directory; default: $XDG_CACHE_HOME/picluster/artifacts'),
});

const Wait = z.string().regex(/^(?=.*[1-9])(?:\d+h)?(?:\d+m)?(?:\d+s)?$/, 'must be a duration such as 90s, 10m or 1m30s');

const Timeouts = z.strictObject({
  reconnect: Wait.default('90s').describe('How long a host whose connection was lost is tried again'),
  reboot: Wait.default('10m').describe('How long a host may take from the order to reboot until it can be reached again'),
  drain: Wait.default('5m').describe('How long the pods of a node may take to leave it before it is rebooted'),
});

const text = z.string().min(1);

/** Keys of cluster.yaml that are not variables of roles. */
export const CLUSTER_KEYS = {
  name: Name.describe('Name of the cluster'),
  release: text.describe('Key of versions.yaml: v1.9'),
  network: Network.prefault({}),
  ssh: SshDefaults.prefault({}).describe('How hosts are reached, unless a group or host says otherwise'),
  roles: z.record(z.string(), z.array(z.string())).describe('Group -> roles, in order'),
  after: After,
  hooks: Hooks,
  gitops: GitOps.optional(),
  artifacts: Artifacts.prefault({}),
  credentials: z
    .union([z.literal('all'), z.array(text)])
    .default([])
    .describe('Services whose credentials `picluster vault generate` makes: minio, grafana; or all of the release'),
  timeouts: Timeouts.prefault({}).describe('How long a run waits for its hosts'),
  versions: OneOrMore(z.string()).optional().describe('More release files, relative to this directory'),
};

type Namespaces = Readonly<Record<string, z.ZodType>>;

const optional = (namespaces: Namespaces): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(namespaces).map(([name, schema]) => [name, schema.optional()]));

export const clusterFile = (namespaces: Namespaces) => z.strictObject({ ...optional(namespaces), ...CLUSTER_KEYS });
export const varsFile = (namespaces: Namespaces) => z.strictObject(optional(namespaces));

export const hostsFile = (namespaces: Namespaces) =>
  z.strictObject({
    hosts: z.record(Name, z.strictObject({ ...optional(namespaces), ...HOST_KEYS })),
    groups: z
      .record(
        z.string().regex(/^[A-Za-z][\w-]*$/, 'must be a name of letters, digits, - and _'),
        z
          .strictObject({
            hosts: z.array(z.string()).default([]).describe('Names, globs (node*) or ranges (node[1:3])'),
            children: z.array(z.string()).default([]).describe('Groups whose hosts belong here too'),
            ssh: SshDefaults.optional(),
            vars: varsFile(namespaces).optional(),
          })
          .nullable(),
      )
      .default({}),
  });

export type ClusterFile = z.infer<ReturnType<typeof clusterFile>>;
export type HostsFile = z.infer<ReturnType<typeof hostsFile>>;
