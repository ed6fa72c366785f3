import { parseArgs } from 'node:util';
import { PiclusterError } from '#src/errors.ts';
import { buildArtifact } from './build.ts';
import { testGo } from './go-test.ts';

const USAGE = `node lab/artifacts/main.ts [--version v1.34.4+k3s1] [--only NAME]   build what is missing; prints its directory
node lab/artifacts/main.ts --test [MODULE...]                       run the tests of the lab's Go modules\n`;

const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort());
const log = (line: string) => process.stderr.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      version: { type: 'string' },
      only: { type: 'string' },
      test: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
    allowPositionals: true,
  });
  const options = { signal: abort.signal, log, ...(values.version && { version: values.version }) };
  if (values.help) process.stdout.write(USAGE);
  else if (values.test) await testGo(positionals, options);
  else process.stdout.write(`${await buildArtifact(values.only ?? 'mirror', options)}\n`);
}

main().catch((error: unknown) => {
  const known = error instanceof PiclusterError ? error : undefined;
  log(known ? [known.message, known.output, known.hint].filter(Boolean).join('\n') : String((error as Error).stack));
  process.exitCode = known?.exitCode ?? 1;
});
