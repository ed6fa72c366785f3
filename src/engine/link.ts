import type { Host } from '#src/cluster/cluster.ts';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { parseFacts } from '#src/facts/parse.ts';
import { factsScript } from '#src/facts/script.ts';
import type { Connection, LockRequest, RootShell, Target } from '#src/transport/connection.ts';

export type Connect = (target: Target, options: { signal: AbortSignal }) => Promise<Connection>;

/** One connection to a host with its root shell, and what the host said about itself when it was made. A session may need several. */
export interface Link {
  readonly connection: Connection;
  readonly shell: RootShell;
  readonly facts: Facts;
}

const FACTS_TIMEOUT_MS = 30_000;

/** Connects, becomes root, takes the lock if one is given, and asks for facts. On failure nothing stays open. */
export async function openLink(
  host: Host,
  connect: Connect,
  { signal, lock }: { signal: AbortSignal; lock?: LockRequest | undefined },
): Promise<Link> {
  const connection = await connect(host.target, { signal });
  try {
    const shell = await connection.shell({ signal, become: host.target.become, ...(lock ? { lock } : {}) });
    return { connection, shell, facts: await askFacts(host.name, shell) };
  } catch (error) {
    await connection.close();
    throw error;
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
