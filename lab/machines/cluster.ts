import { randomBytes } from 'node:crypto';
import { access, chmod, glob, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { stringify } from 'yaml';
import type { Lab } from './identity.ts';
import { type LabState, type NodeState, writeAside } from './state.ts';

const TEMPLATES = fileURLToPath(new URL('../inventory/', import.meta.url));

export interface ClusterOptions {
  /** Where to write; default: `.lab/cluster`. */
  directory?: string;
  /** How many of the nodes are servers; default 1. */
  servers?: number;
}

/** What the templates of `lab/inventory/` may name. */
export function templateValues(lab: Lab, state: LabState, servers: number): Record<string, unknown> {
  const names = state.nodes.map((node) => node.name);
  return {
    gateway: state.gateway,
    ports: state.ports,
    key: lab.local('key'),
    first: state.nodes[0],
    nodes: state.nodes.map((node, index) => ({
      ...node,
      become: becomeOf(node),
      isFirst: index === 0,
      network: `${state.subnet}.0/24`,
    })),
    servers: names.slice(0, servers).join(', '),
    agents: names.slice(servers).join(', '),
  };
}

/** How the lab's inventories say that a node's login becomes root. */
export const becomeOf = ({ user, image }: NodeState): string => (user === 'root' ? 'none' : image === 'openrc' ? 'doas' : 'sudo');

/** The lab as a cluster directory: templates filled in; secrets made once, 0600. Returns its path. */
export async function writeClusterDirectory(lab: Lab, state: LabState, options: ClusterOptions = {}): Promise<string> {
  const directory = options.directory ?? lab.local('cluster');
  const values = templateValues(lab, state, options.servers ?? 1);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  for await (const name of glob('**/*.{yaml,hbs}', { cwd: TEMPLATES })) {
    const text = await readFile(join(TEMPLATES, name), 'utf8');
    const filled = name.endsWith('.hbs') ? Handlebars.compile(text, { noEscape: true, strict: true })(values) : text;
    await writeAside(join(directory, name.replace(/\.hbs$/, '')), filled, 0o644);
  }
  const { schemasInto } = await import('#src/app/show-schema.ts');
  await schemasInto(directory);
  await ensureSecrets(join(directory, 'secrets.yaml'));
  return directory;
}

async function ensureSecrets(file: string): Promise<void> {
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const random = (): string => randomBytes(24).toString('hex');
  await writeAside(file, stringify({ k3s: { token: random(), agentToken: random() }, git: { token: random() } }), 0o600);
}

/** What picluster has recorded of artifacts that the lab has built anew since: the lab is their publisher. */
export async function forgetChecksums(lab: Lab): Promise<void> {
  await rm(lab.local('cluster', 'versions.lock.yaml'), { force: true });
}
