import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { roleSchemas } from '#roles/index.ts';
import { findClusterDirectory } from '#src/cluster/find.ts';
import { jsonSchema, SCHEMA_NAMES, type SchemaName } from '#src/cluster/json-schema.ts';

const text = (name: SchemaName): string => `${JSON.stringify(jsonSchema(name, roleSchemas()), null, 2)}\n`;

/** Prints the JSON Schema of one kind of file. */
export function showSchema(name: SchemaName): void {
  process.stdout.write(text(name));
}

/** Writes all of them to `.schema/` of the cluster directory, where the first line of its files points editors. */
export async function writeSchemas(asked: string | undefined): Promise<void> {
  const directory = await schemasInto(await findClusterDirectory(asked, process.cwd(), process.env));
  process.stdout.write(`wrote ${SCHEMA_NAMES.map((name) => `${name}.json`).join(', ')} to ${directory}\n`);
}

/** Writes all schemas into `.schema/` below a cluster directory; resolves to that path. */
export async function schemasInto(cluster: string): Promise<string> {
  const directory = join(cluster, '.schema');
  await mkdir(directory, { recursive: true });
  for (const name of SCHEMA_NAMES) {
    const aside = join(directory, `.${name}.${process.pid}`);
    await writeFile(aside, text(name));
    await rename(aside, join(directory, `${name}.json`));
  }
  return directory;
}
