import { Argument, type Command } from 'commander';
import type { SchemaName } from '#src/cluster/json-schema.ts';

export function define(command: Command): void {
  command
    .addArgument(
      new Argument(
        '[of]',
        'which file; vars is for group_vars and host_vars, events for the lines of --output json, plan for plan -o',
      )
        .choices(['cluster', 'hosts', 'vars', 'versions', 'secrets', 'credentials', 'events', 'plan'])
        .default('cluster'),
    )
    .option('-w, --write', 'write those of the files to .schema/ in the cluster directory, for editors')
    .option('-C, --cluster <dir>', 'cluster directory (default: $PICLUSTER_CLUSTER, else upwards from here)')
    .action(async (name: SchemaName | 'events' | 'plan', flags: { write?: boolean; cluster?: string }) => {
      const { showSchema, writeSchemas } = await import('#src/app/show-schema.ts');
      if (flags.write) await writeSchemas(flags.cluster);
      else await showSchema(name);
    });
}
