import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { down, Lab, up } from '#lab/machines/index.ts';
import { Cli } from './cli.ts';
import { onNode } from './nodes.ts';

/** A server (n1) and an agent (n2), bootstrapped from blank: the smallest cluster of more than one machine. */
export class Pair {
  readonly lab: Lab;
  readonly cli: Cli;

  constructor(name: string) {
    this.lab = new Lab({ name });
    this.cli = new Cli(this.lab.local('cluster'));
  }

  async bootstrap(): Promise<void> {
    await down(this.lab, { purge: true });
    await up(this.lab, { nodes: ['n1', 'n2'] });
    const { exitCode, all } = await this.cli.run('bootstrap', this.bootstrapArgs);
    expect(exitCode, all).toBe(0);
  }

  get bootstrapArgs(): string[] {
    return ['--yes', '--kubeconfig', join(this.cli.stateHome, 'kubeconfig')];
  }

  async erase(): Promise<void> {
    await down(this.lab, { purge: true });
    await rm(this.cli.stateHome, { recursive: true, force: true });
  }

  /** kubectl on the server: knows nothing of picluster. `args` is a piece of shell; `input` is what `-f -` reads. */
  async kubectl(args: string, input?: object): Promise<string> {
    const document = input === undefined ? '' : ` <<'END'\n${JSON.stringify(input)}\nEND`;
    return await onNode(this.lab, 'n1', `kubectl --request-timeout=20s ${args}${document}\n`);
  }
}
