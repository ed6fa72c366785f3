import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZodType } from 'zod';
import { roleSchemas } from '#roles/index.ts';
import { findClusterDirectory } from '#src/cluster/find.ts';
import { jsonSchema, SCHEMA_NAMES, type SchemaName } from '#src/cluster/json-schema.ts';
import { knownRoles } from './known-roles.ts';

const text = (name: SchemaName, schemas: Record<string, ZodType>): string =>
  `${JSON.stringify(jsonSchema(name, schemas), null, 2)}\n`;

/** Prints the JSON Schema of one kind of file, with the variables of picluster's own roles; of a line of `--output json`; or of a kept plan. */
export async function showSchema(name: SchemaName | 'events' | 'plan'): Promise<void> {
  const own = name === 'events' || name === 'plan' ? JSON_SCHEMAS[name]() : undefined;
  process.stdout.write(own ? `${JSON.stringify(await own, null, 2)}\n` : text(name as SchemaName, roleSchemas()));
}

/** Of what picluster itself writes. */
const JSON_SCHEMAS = {
  events: async () => (await import('#src/engine/event-schema.ts')).eventJsonSchema(),
  plan: async () => (await import('#src/plan/document.ts')).planJsonSchema(),
};

/** Writes all of them to `.schema/` of the cluster directory, where the first line of its files points editors. */
export async function writeSchemas(asked: string | undefined): Promise<void> {
  const directory = await schemasInto(await findClusterDirectory(asked, process.cwd(), process.env));
  process.stdout.write(`wrote ${SCHEMA_NAMES.map((name) => `${name}.json`).join(', ')} to ${directory}\n`);
}

/** Writes all schemas, with the variables of the cluster's own roles, into `.schema/` below its directory; resolves to that path. */
export async function schemasInto(cluster: string): Promise<string> {
  const { schemas } = await knownRoles(cluster);
  const directory = join(cluster, '.schema');
  await mkdir(directory, { recursive: true });
  for (const name of SCHEMA_NAMES) {
    const aside = join(directory, `.${name}.${process.pid}`);
    await writeFile(aside, text(name, schemas));
    await rename(aside, join(directory, `${name}.json`));
  }
  return directory;
}
