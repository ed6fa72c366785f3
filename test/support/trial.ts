import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { z } from 'zod';
import { down, Lab, ssh, up } from '#lab/machines/index.ts';
import { Cli } from './cli.ts';
import { writePlainCluster } from './plain-cluster.ts';
import type role from './trial/role.ts';

type TrialVars = z.input<Extract<(typeof role)['vars'], z.ZodType>>;

const VERSIONS = { releases: { trial: { architectures: ['amd64', 'arm64'], components: {} } } };

/** Plain machines of a lab whose steps are what a test wants (see trial/role.ts), driven by the real command line. */
export class Trial {
  readonly lab: Lab;
  readonly cli: Cli;

  private constructor(lab: Lab, cli: Cli) {
    this.lab = lab;
    this.cli = cli;
  }

  static async up(name: string, nodes: readonly string[], settings: Readonly<Record<string, unknown>> = {}): Promise<Trial> {
    const lab = new Lab({ name });
    await down(lab, { purge: true });
    await up(lab, { nodes, artifacts: false });
    const directory = await writePlainCluster(lab, {
      roles: ['trial'],
      settings: { release: 'trial', versions: 'versions.yaml', ...settings },
      files: {
        'versions.yaml': stringify(VERSIONS),
        'roles/trial/role.ts': readFileSync(new URL('trial/role.ts', import.meta.url), 'utf8'),
        'group_vars/all.yaml': '{}\n',
      },
    });
    return new Trial(lab, new Cli(directory));
  }

  async erase(): Promise<void> {
    await down(this.lab, { purge: true });
    await rm(this.cli.stateHome, { recursive: true, force: true });
    await rm(this.cli.cluster, { recursive: true, force: true });
  }

  /** From now on these are the steps of every machine. */
  async want(trial: TrialVars): Promise<void> {
    await writeFile(join(this.cli.cluster, 'group_vars/all.yaml'), stringify({ trial }));
  }

  /** What an operator reads. */
  async apply(...args: string[]): Promise<{ exitCode: number; all: string }> {
    const { exitCode, all } = await this.cli.run('apply', ['--yes', ...args]);
    return { exitCode, all };
  }

  /** Runs to the end and must succeed; after that nothing is left to do. */
  async expectConverges(): Promise<void> {
    const first = await this.apply();
    expect(first.exitCode, first.all).toBe(0);
    const second = await this.apply();
    expect(second.all).toMatch(/^0 changes /m);
    expect(second.exitCode, second.all).toBe(0);
  }

  /** Output of a shell script on a machine as root, by the machine's own ssh; a bad exit fails the test. */
  async on(node: string, script: string): Promise<string> {
    const { exitCode, stdout, stderr } = await ssh(this.lab, node, 'sh -s', { user: 'root', input: script, timeout: 60_000 });
    expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
    return stdout.trim();
  }
}
