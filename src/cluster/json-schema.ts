import { z } from 'zod';
import { VersionsFile } from '#src/release/schema.ts';
import { CatalogueFile } from '#src/secrets/catalogue/schema.ts';
import { clusterFile, hostsFile, varsFile } from './schema.ts';
import type { Namespaces } from './validate.ts';

const Secrets: z.ZodType = z.record(z.string(), z.union([z.string(), z.lazy(() => Secrets)]));

/** Files that have a schema; `vars` is for group_vars/ and host_vars/. */
export const SCHEMA_NAMES = ['cluster', 'hosts', 'vars', 'versions', 'secrets', 'credentials'] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** JSON Schema (draft 2020-12) of one kind of file, as people write it: what has a default may be left out. */
export function jsonSchema(name: SchemaName, namespaces: Namespaces): unknown {
  const schemas: Record<SchemaName, () => z.ZodType> = {
    cluster: () => clusterFile(namespaces),
    hosts: () => hostsFile(namespaces),
    vars: () => varsFile(namespaces),
    versions: () => VersionsFile,
    secrets: () => Secrets,
    credentials: () => CatalogueFile,
  };
  return { ...z.toJSONSchema(schemas[name](), { io: 'input', unrepresentable: 'any' }), title: `picluster: ${name}` };
}
