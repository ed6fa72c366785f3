import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import type { Tool } from './result.ts';
import type { Bench } from './setup.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../bin/picluster.js', import.meta.url));

interface Call {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether what it said means that it changed nothing. */
  isUnchanged(output: string): boolean;
}

/** How an operator calls each tool on some of the hosts, with the file that changes at this generation. */
function callOf(tool: Tool, { lab, work, python, mitogen }: Bench, nodes: readonly string[], generation: number): Call {
  const limit = nodes.join(',');
  switch (tool) {
    case 'floor':
      return {
        command: 'sh',
        args: [
          '-c',
          'config=$1 probe=$2; shift 2; for host; do ssh -F "$config" "$host" exec sudo -n sh <"$probe" >/dev/null & done; wait',
          'floor',
          lab.local('ssh_config'),
          join(work, 'probe.sh'),
          ...nodes,
        ],
        isUnchanged: () => true,
      };
    case 'picluster':
      return {
        command: process.execPath,
        args: [
          LAUNCHER,
          ...['apply', '--yes', '-C', join(work, 'cluster'), '-l', limit, '--set', `bench.generation=${generation}`],
        ],
        env: { XDG_STATE_HOME: join(work, 'state') },
        isUnchanged: (output) => /^0 changes /m.test(output),
      };
    case 'pyinfra':
      return {
        command: join(python, 'pyinfra'),
        args: [
          '-y',
          ...nodes.flatMap((node) => ['--limit', node]),
          '--data',
          `generation=${generation}`,
          join(work, 'inventory.py'),
          join(HERE, 'pyinfra/deploy.py'),
        ],
        isUnchanged: (output) => /Grand total\s+\d+\s+-\s/.test(stripVTControlCharacters(output)),
      };
    default: {
      const args = [
        '-i',
        join(work, 'inventory.ini'),
        '-l',
        limit,
        '-e',
        `generation=${generation}`,
        join(HERE, 'ansible/site.yml'),
      ];
      const strategy = { ANSIBLE_STRATEGY: 'mitogen_linear', ANSIBLE_STRATEGY_PLUGINS: mitogen };
      return {
        command: join(python, 'ansible-playbook'),
        args,
        env: {
          ANSIBLE_CONFIG: join(HERE, 'ansible/ansible.cfg'),
          ANSIBLE_HOME: join(work, 'ansible'),
          PATH: `${python}:${process.env.PATH}`,
          ...(tool === 'Ansible with Mitogen' ? strategy : {}),
        },
        isUnchanged: (output) => !/changed=[1-9]/.test(output) && /changed=0/.test(output),
      };
    }
  }
}

export interface Outcome {
  seconds: number;
  isUnchanged: boolean;
}

/** Runs a tool once and takes the time. Throws with what it said when it fails. */
export async function runTool(tool: Tool, bench: Bench, nodes: readonly string[], generation: number): Promise<Outcome> {
  const { command, args, env, isUnchanged } = callOf(tool, bench, nodes, generation);
  await mkdir(join(bench.work, 'ansible'), { recursive: true });
  const result = await execa(command, args, {
    cwd: bench.work,
    all: true,
    reject: false,
    timeout: 600_000,
    stdin: 'ignore',
    ...(env ? { env } : {}),
  });
  if (result.exitCode !== 0) throw new Error(`${tool} failed:\n${result.all.slice(-3000)}`);
  return { seconds: result.durationMs / 1000, isUnchanged: isUnchanged(result.all) };
}

/** What pyinfra and picluster remember of earlier runs goes; connections that Ansible keeps stay, as they do for an operator. */
export const forget = (bench: Bench): Promise<void> => rm(join(bench.work, 'state'), { recursive: true, force: true });
