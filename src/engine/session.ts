import type { Host } from '#src/cluster/cluster.ts';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { parseFacts } from '#src/facts/parse.ts';
import { factsScript } from '#src/facts/script.ts';
import type { Script } from '#src/shell/script.ts';
import type { Connection, LockRequest, RootShell, ShellReply, Target } from '#src/transport/connection.ts';
import type { HostTraffic } from './events.ts';
import { type Observations, parseProbe, probeOf, type ResourceStep } from './observe.ts';

export type Connect = (target: Target, options: { signal: AbortSignal }) => Promise<Connection>;

const FACTS_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 120_000;

/** One host of a run: its connection, its root shell, and what it said about itself. */
export class HostSession {
  readonly host: Host;
  readonly connection: Connection;
  readonly shell: RootShell;
  facts: Facts;
  /** `performance.now()` when it was opened. */
  readonly openedAt = performance.now();

  private constructor(host: Host, connection: Connection, shell: RootShell, facts: Facts) {
    this.host = host;
    this.connection = connection;
    this.shell = shell;
    this.facts = facts;
  }

  /** Connects, becomes root, takes the lock if one is given, and asks for facts. On failure nothing stays open. */
  static async open(
    host: Host,
    connect: Connect,
    options: { signal: AbortSignal; lock?: LockRequest | undefined },
  ): Promise<HostSession> {
    const connection = await connect(host.target, { signal: options.signal });
    try {
      const shell = await connection.shell({
        signal: options.signal,
        become: host.target.become,
        ...(options.lock ? { lock: options.lock } : {}),
      });
      return new HostSession(host, connection, shell, await askFacts(host.name, shell));
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async observe(steps: readonly ResourceStep[]): Promise<Observations> {
    if (steps.length === 0) return new Map();
    const probe = probeOf(steps, this.facts);
    const reply = await this.ask(probe.script, 'probe', PROBE_TIMEOUT_MS);
    return parseProbe(probe, reply.stdout.toString(), this.host.name);
  }

  /** A request whose exit status must be 0. */
  async ask(script: Script, step: string, timeoutMs: number): Promise<ShellReply> {
    const reply = await this.shell.run({ script, step, timeoutMs });
    if (reply.exitCode !== 0) {
      throw new PiclusterError(`the ${step} ended with exit status ${reply.exitCode}`, {
        host: this.host.name,
        output: reply.stderr.toString().slice(-2000),
      });
    }
    return reply;
  }

  get traffic(): HostTraffic {
    return { requests: this.shell.requests, ...this.connection.traffic };
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

async function askFacts(host: string, shell: RootShell): Promise<Facts> {
  const askedMs = Date.now();
  const reply = await shell.run({ script: factsScript(), step: 'facts', timeoutMs: FACTS_TIMEOUT_MS });
  if (reply.exitCode !== 0)
    throw new PiclusterError('could not gather facts', { host, output: reply.stderr.toString().slice(-2000) });
  const facts = parseFacts(reply.stdout.toString());
  return { ...facts, clock: { ...facts.clock, askedMs, answeredMs: Date.now() } };
}
