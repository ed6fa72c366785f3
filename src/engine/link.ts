import type { Host } from '#src/cluster/cluster.ts';
import { PiclusterError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import { fingerprintOf, parseFacts, splitFacts } from '#src/facts/parse.ts';
import { factsScript, factsThenProbe } from '#src/facts/script.ts';
import type { Script } from '#src/shell/script.ts';
import type { Connection, LockRequest, RootShell, Target } from '#src/transport/connection.ts';

export type Connect = (target: Target, options: { signal: AbortSignal }) => Promise<Connection>;

/** One connection to a host with its root shell, and what the host said about itself when it was made. A session may need several. */
export interface Link extends Said {
  readonly connection: Connection;
  readonly shell: RootShell;
}

interface Said {
  readonly facts: Facts;
  /** By which the host is known to be the same in the next run. */
  readonly fingerprint: string;
  /** What the foreseen probe said, if it ran. */
  readonly early?: { readonly script: Script; readonly stdout: string } | undefined;
}

/** A probe that will be asked if the host is still what its fingerprint says. */
export interface Foreseen {
  readonly probe: Script;
  readonly fingerprint: string;
}

export interface LinkOptions {
  readonly signal: AbortSignal;
  readonly lock?: LockRequest | undefined;
  /** Called while the connection is being made; sent together with the question for facts. */
  readonly foresee?: (() => Promise<Foreseen | undefined>) | undefined;
}

const FACTS_TIMEOUT_MS = 30_000;
const PROBE_TIMEOUT_MS = 120_000;

/** Connects, becomes root, takes the lock if one is given, and asks for facts. On failure nothing stays open. */
export async function openLink(host: Host, connect: Connect, { signal, lock, foresee }: LinkOptions): Promise<Link> {
  const foreseen = foresee?.();
  const connection = await connect(host.target, { signal });
  try {
    const shell = await connection.shell({ signal, become: host.target.become, ...(lock ? { lock } : {}) });
    return { connection, shell, ...(await ask(host.name, shell, await foreseen)) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function ask(host: string, shell: RootShell, foreseen: Foreseen | undefined): Promise<Said> {
  if (foreseen) {
    const { probe, fingerprint } = foreseen;
    const said = await askOnce(shell, factsThenProbe(probe, fingerprint), FACTS_TIMEOUT_MS + PROBE_TIMEOUT_MS);
    // Whatever is wrong with a probe that was only foreseen: the facts are asked alone, and the real one tells.
    if (said.reply.exitCode === 0)
      return { ...said.of(), early: said.rest === undefined ? undefined : { script: probe, stdout: said.rest } };
  }
  const said = await askOnce(shell, factsScript(), FACTS_TIMEOUT_MS);
  if (said.reply.exitCode !== 0)
    throw new PiclusterError('could not gather facts', { host, output: said.reply.stderr.toString().slice(-2000) });
  return said.of();
}

async function askOnce(shell: RootShell, script: Script, timeoutMs: number) {
  const askedMs = Date.now();
  let firstMs: number | undefined;
  const onStdout = (): void => {
    // The clock is the first thing that is said: what comes after it is no part of the time it took.
    firstMs ??= Date.now();
  };
  const reply = await shell.run({ script, step: 'facts', timeoutMs, onStdout });
  const { facts: text, rest } = splitFacts(reply.stdout.toString());
  const of = (): Said => {
    const facts = parseFacts(text);
    return {
      facts: { ...facts, clock: { ...facts.clock, askedMs, answeredMs: firstMs ?? Date.now() } },
      fingerprint: fingerprintOf(text),
    };
  };
  return { reply, rest, of };
}
