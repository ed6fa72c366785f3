import { Command, CommanderError } from 'commander';
import { EXIT, PiclusterError } from '#src/errors.ts';

interface CommandModule {
  /** Adds the command's arguments, options and action. */
  define(command: Command): void;
}

interface Entry {
  name: string;
  description: string;
  load(): Promise<CommandModule>;
}

/** Commands are loaded only when they are called: `--help` must not pay for SSH and Kubernetes. */
const COMMANDS: readonly Entry[] = [
  {
    name: 'bootstrap',
    description: 'bring the hosts to what the inventory says, fetch the kubeconfig, hand over to Flux',
    load: () => import('./bootstrap.ts'),
  },
  { name: 'plan', description: 'show what apply would change; changes nothing', load: () => import('./plan.ts') },
  { name: 'show', description: 'print a plan that was kept, as plan does', load: () => import('./show.ts') },
  { name: 'apply', description: 'bring the hosts to what the inventory says', load: () => import('./apply.ts') },
  { name: 'runs', description: 'list the runs on record and what they came to', load: () => import('./runs.ts') },
  {
    name: 'report',
    description: 'tell of a run: what changed, what failed, where the time went',
    load: () => import('./report.ts'),
  },
  { name: 'graph', description: 'draw the steps and what waits for what, as Mermaid', load: () => import('./graph.ts') },
  { name: 'exec', description: 'run a command on hosts, in parallel', load: () => import('./exec.ts') },
  {
    name: 'host-keys',
    description: 'the host keys that are trusted: list, rotate',
    load: () => import('./host-keys.ts'),
  },
  { name: 'facts', description: 'show what the hosts say about themselves', load: () => import('./facts.ts') },
  {
    name: 'inventory',
    description: 'show hosts, groups and variables, and where each value comes from',
    load: () => import('./inventory.ts'),
  },
  { name: 'import', description: 'make a cluster directory of an Ansible project', load: () => import('./import.ts') },
  { name: 'role', description: 'roles of your own: list, new', load: () => import('./role.ts') },
  {
    name: 'vault',
    description: 'the encrypted secrets of a cluster',
    load: () => import('./vault.ts'),
  },
  {
    name: 'schema',
    description: 'print the JSON Schema of the cluster files, or of the events of a run',
    load: () => import('./schema.ts'),
  },
  { name: 'lab', description: 'local machines for demo and tests', load: () => import('./lab.ts') },
];

async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('picluster')
    .description('Turns bare machines into a home-lab Kubernetes platform, and keeps it alive.')
    .version(await versionOfPackage(), '-V, --version')
    .showHelpAfterError('(add --help for all options)')
    .enablePositionalOptions()
    .exitOverride();
  const called = argv.find((word) => COMMANDS.some(({ name }) => name === word));
  for (const entry of COMMANDS) {
    const command = program.command(entry.name).description(entry.description).exitOverride();
    if (entry.name === called) (await entry.load()).define(command);
    else command.allowUnknownOption().allowExcessArguments();
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return await report(error);
  }
}

async function report(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const { tellOf } = await import('#src/app/tell-of.ts');
  process.stderr.write(`${tellOf(error)}\n`);
  return error instanceof PiclusterError ? error.exitCode : EXIT.bug;
}

async function versionOfPackage(): Promise<string> {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
  return manifest.version;
}

// A promise that nobody waits for, a timer: Node would print what it threw as it is.
process.on('uncaughtException', (error) => void report(error).then((code) => process.exit(code)));
const exitCode = await main(process.argv.slice(2));
// Output to a pipe may still be under way; an open socket must not keep a finished run alive.
process.stdout.write('', () => process.exit(exitCode));
