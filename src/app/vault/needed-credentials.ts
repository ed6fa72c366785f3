import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CLUSTER_FILE } from '#src/cluster/find.ts';
import { Findings, fileOrigin } from '#src/cluster/findings.ts';
import { isMap, mergeLayers } from '#src/cluster/layers.ts';
import { releaseVariables } from '#src/cluster/release-variables.ts';
import { CLUSTER_KEYS } from '#src/cluster/schema.ts';
import { suggestion } from '#src/cluster/suggest.ts';
import { ConfigError } from '#src/errors.ts';
import { type Catalogue, catalogueOf, faultsOf } from '#src/secrets/catalogue/catalogue.ts';
import type { ClusterNeeds } from '#src/secrets/catalogue/needed.ts';
import { CatalogueFile } from '#src/secrets/catalogue/schema.ts';
import { parseYaml, type YamlSource } from '#src/yaml/source.ts';

/** picluster's own catalogue; one of that name beside cluster.yaml adds to it. */
const CREDENTIALS = fileURLToPath(new URL('../../../credentials.yaml', import.meta.url));

/** What of cluster.yaml says which credentials are needed. Everything else is looked at by the commands that use it. */
const { name, release, network, gitops, credentials } = CLUSTER_KEYS;
const Needs = z.object({
  name,
  release,
  network,
  gitops: z.object({ auth: gitops.unwrap().shape.auth }).optional(),
  credentials,
  roles: CLUSTER_KEYS.roles.optional(),
});

export interface NeededCredentials {
  readonly catalogue: Catalogue;
  readonly cluster: ClusterNeeds;
}

/** The catalogue, and what the cluster says of itself. Throws ConfigError with every mistake of these files. */
export async function readNeeds(directory: string): Promise<NeededCredentials> {
  const findings = new Findings();
  const catalogue = await catalogueIn(directory, findings);
  const clusterFile = (await yaml(join(directory, CLUSTER_FILE), CLUSTER_FILE)) ?? parseYaml(CLUSTER_FILE, '');
  const needs = parsed(clusterFile, Needs, findings);
  checkServices(clusterFile, needs?.credentials, catalogue, findings);
  if (findings.mistakes.length > 0 || !needs)
    throw new ConfigError('it cannot be said which credentials are needed; nothing was changed', findings.mistakes);
  return { catalogue, cluster: clusterNeeds(needs, [...(await releaseVariables()).keys()]) };
}

/** The catalogue alone. Throws ConfigError with every mistake in it. */
export async function readCatalogue(directory: string): Promise<Catalogue> {
  const findings = new Findings();
  const catalogue = await catalogueIn(directory, findings);
  if (findings.mistakes.length > 0) throw new ConfigError('the catalogue of credentials cannot be used', findings.mistakes);
  return catalogue;
}

async function catalogueIn(directory: string, findings: Findings): Promise<Catalogue> {
  const own = await yaml(CREDENTIALS, `picluster's ${basename(CREDENTIALS)}`);
  const more = await yaml(join(directory, basename(CREDENTIALS)), basename(CREDENTIALS));
  const sources = [own, more].filter((source) => source !== undefined);
  const catalogue = catalogueOf(sources.flatMap((source) => parsed(source, CatalogueFile, findings) ?? []));
  for (const { name, message } of faultsOf(catalogue)) {
    const source = sources.findLast(({ data }) => isMap(data) && isMap(data.credentials) && name in data.credentials);
    if (source) findings.atKey(fileOrigin(source, 'credentials', name), message);
  }
  return catalogue;
}

function clusterNeeds(needs: z.infer<typeof Needs>, releases: readonly string[]): ClusterNeeds {
  return {
    name: needs.name,
    domain: needs.network.domain,
    release: needs.release,
    releases,
    roles: new Set(Object.values(needs.roles ?? {}).flat()),
    gitAuth: needs.gitops?.auth,
    services: needs.credentials,
  };
}

async function yaml(path: string, file: string): Promise<YamlSource | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new ConfigError(`${path} cannot be read (${error.code}); nothing was changed`);
  });
  return text === undefined ? undefined : parseYaml(file, text);
}

function parsed<T>(source: YamlSource, schema: z.ZodType<T>, findings: Findings): T | undefined {
  for (const mistake of source.mistakes) findings.add(mistake);
  if (source.data === undefined) return undefined;
  const origin = fileOrigin(source);
  if (isMap(source.data)) return findings.parse(schema, mergeLayers([{ data: source.data, origin }]), origin);
  findings.at(origin, 'must be a map: lines of key: value');
  return undefined;
}

function checkServices(
  source: YamlSource,
  asked: 'all' | readonly string[] | undefined,
  { services }: Catalogue,
  findings: Findings,
): void {
  if (asked === undefined || asked === 'all') return;
  asked.forEach((service, index) => {
    if (!services.has(service))
      findings.at(
        fileOrigin(source, 'credentials', index),
        `no service is called "${service}"${suggestion(service, services.keys())}`,
      );
  });
}
