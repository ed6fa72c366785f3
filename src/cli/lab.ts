import { type Command, InvalidArgumentError, Option } from 'commander';

type Machines = typeof import('#lab/machines/index.ts');
type LabOf = InstanceType<Machines['Lab']>;
type Flags = Record<string, unknown>;

/** What a subcommand does, given its lab; `signal` fires on Ctrl-C. */
type Work<F> = (context: {
  machines: Machines;
  lab: LabOf;
  flags: F;
  args: string[];
  signal: AbortSignal;
  say(line: string): void;
}) => Promise<void>;

export function define(command: Command): void {
  command.description('local machines for demo and tests (needs root)');
  command.option('--lab <name>', 'another lab of this checkout, with machines and a network of its own', '');
  const add = <F = Flags>(usage: string, description: string, work: Work<F>): Command =>
    command
      .command(usage)
      .description(description)
      .action(async (...given: unknown[]) => {
        const self = given.at(-1) as Command;
        await run(command, self, work as Work<Flags>);
      });

  add<{ file?: string; nodes?: string[]; image?: 'debian' | 'openrc'; artifacts: boolean }>(
    'up',
    'make and start what is missing',
    async ({ machines, lab, flags, signal, say }) => {
      await machines.up(lab, { ...flags, signal, say });
    },
  )
    .option('-f, --file <file>', 'lab file (default: lab/lab.yaml)')
    .option('--nodes <names>', 'names instead of a file: n1,n2', (text) => text.split(','))
    .addOption(new Option('--image <image>', 'what those run (default: debian)').choices(['debian', 'openrc']))
    .option('--no-artifacts', 'machines and git server only: build nothing for the mirror');

  add<{ keep?: boolean; purge?: boolean }>('down', 'stop and remove all of it', async ({ machines, lab, flags, signal, say }) => {
    await machines.down(lab, { ...flags, signal, say });
  })
    .option('--keep', 'shut the nodes down and keep their disks')
    .option('--purge', 'remove keys, secrets and the cluster directory too');

  add<{ output: 'text' | 'json' }>('status', 'show machines and services', async ({ machines, lab, flags, say }) => {
    const status = await machines.status(lab);
    const { describeStatus } = await import('#lab/machines/describe.ts');
    say(flags.output === 'json' ? JSON.stringify(status, null, 2) : describeStatus(status));
  }).option('--output <format>', 'text or json', 'text');

  add<{ follow?: boolean; console?: boolean; unit?: string; lines: number }>(
    'logs',
    "show a node's journal or system log",
    async ({ machines, lab, flags, args, signal }) => {
      await machines.logs(lab, args[0]!, { ...flags, signal });
    },
  )
    .argument('<node>')
    .option('-f, --follow', 'go on as it grows')
    .option('-u, --unit <unit>', 'one unit only (systemd)')
    .option('-c, --console', 'the console instead of the journal')
    .option('-n, --lines <count>', 'how many of the last lines', count, 200);

  for (const [name, verb, description] of POWER) {
    add(name, description, async ({ machines, lab, args, signal, say }) => {
      for (const node of args) await machines[verb](lab, node, { signal });
      say(`${name}: ${args.join(', ')}`);
    }).argument('<node...>');
  }

  add<{ delete?: boolean }>(
    'snapshot',
    'keep the disks of all nodes under a name',
    async ({ machines, lab, flags, args, signal, say }) => {
      await (flags.delete ? machines.deleteSnapshot : machines.snapshot)(lab, args[0]!, { signal, say });
    },
  )
    .argument('<name>')
    .option('--delete', 'remove the snapshot');

  add('restore', 'put the disks of a snapshot back and start all nodes', async ({ machines, lab, args, signal, say }) => {
    await machines.restore(lab, args[0]!, { signal, say });
  }).argument('<name>');

  add<{ version?: string }>('artifacts', 'build what the mirror serves; prints its directory', async ({ flags, signal, say }) => {
    const { buildArtifacts } = await import('#lab/artifacts/build.ts');
    const log = (line: string) => void process.stderr.write(`${line}\n`);
    say((await buildArtifacts({ ...(flags.version && { version: flags.version }), signal, log })).mirror);
  }).option('--version <version>', "K3s's; default: v1.34.4+k3s1");

  add('snapshots', 'list snapshots', async ({ machines, lab, say }) => {
    for (const info of await machines.snapshots(lab))
      say(`${info.name}\t${info.taken}\t${info.nodes.map((node) => node.name).join(',')}`);
  });
}

const POWER = [
  ['poweron', 'powerOn', 'start nodes and wait for SSH'],
  ['poweroff', 'powerOff', 'press the power button: services and pods get their time'],
  ['powercut', 'powerCut', 'pull the plug'],
  ['reboot', 'reboot', 'restart nodes and wait for SSH'],
] as const;

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a number');
  return Number(text);
}

async function run(parent: Command, self: Command, work: Work<Flags>): Promise<void> {
  const machines = await import('#lab/machines/index.ts');
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const lab = new machines.Lab({ name: String(parent.opts().lab) });
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    await work({ machines, lab, flags: self.opts(), args: self.args, signal: abort.signal, say });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
