import { setImmediate } from 'node:timers/promises';
import type { Host, Timeouts } from '#src/cluster/cluster.ts';
import { HostLostError, LockedError, PermissionError, PiclusterError } from '#src/errors.ts';
import { mapBounded } from '#src/map-bounded.ts';
import type { LockRequest } from '#src/transport/connection.ts';
import { toEventError } from './event-error.ts';
import type { Emit } from './events.ts';
import type { Connect, Foreseen } from './link.ts';
import { HostSession } from './session.ts';
import { Turns } from './turns.ts';

/** Hosts that are being connected and looked at, at once: each costs CPU and memory on this machine. */
const MAX_UNDER_WAY = 32;

export interface FleetOptions {
  readonly connect: Connect;
  readonly lock: LockRequest | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
  readonly timeouts: Timeouts;
  /** What will be asked of a host if it is what it was in the last run. */
  foresee(host: Host): Promise<Foreseen | undefined>;
  /** Called for each host as soon as it is there, still among those of which only so many are under way. */
  look(session: HostSession): Promise<void>;
}

/** The connected hosts of a run, and those that could not be reached. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #sessions = new Map<string, HostSession>();
  #turn: Promise<void> = Promise.resolve();
  readonly lost = new Map<string, PiclusterError>();
  /** Of those that are connected again at once. */
  readonly #turns = new Turns(MAX_UNDER_WAY);

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  session(host: string): HostSession | undefined {
    return this.#sessions.get(host);
  }

  get sessions(): HostSession[] {
    return [...this.#sessions.values()];
  }

  /** Throws when a machine says no (all refusals at once) or is locked by another run; hosts that cannot be reached go to `lost`. */
  async connect(hosts: readonly Host[]): Promise<void> {
    const results = await mapBounded(hosts, MAX_UNDER_WAY, (host) => this.#open(host));
    const errors = results.filter((error) => error !== undefined);
    throwRefusals(errors);
    for (const error of errors) {
      if (!(error instanceof HostLostError) || !error.host) throw error;
      this.lost.set(error.host, error);
      this.#options.emit({ type: 'host.lost', host: error.host, error: toEventError(error) });
    }
  }

  /** One host is thought about in each round of the event loop: what else happens, Ctrl-C too, does not wait until all are done. */
  #ownTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => setImmediate());
    return this.#turn;
  }

  async #open(host: Host): Promise<PiclusterError | undefined> {
    const { emit, connect, lock, signal, draining, timeouts, foresee, look } = this.#options;
    const startedAt = performance.now();
    emit({ type: 'host.connecting', host: host.name, address: host.address });
    try {
      const session = await HostSession.open(host, connect, {
        signal,
        lock,
        reconnect: { emit, draining, timeouts, turns: this.#turns },
        foresee: async () => {
          await this.#ownTurn();
          return foresee(host);
        },
      });
      this.#sessions.set(host.name, session);
      const { os, arch, hostname } = session.facts;
      emit({ type: 'host.connected', host: host.name, durationMs: performance.now() - startedAt });
      emit({
        type: 'host.facts',
        host: host.name,
        summary: `${os.prettyName}, ${arch}${hostname === host.name ? '' : `, calls itself ${hostname}`}`,
      });
      await this.#ownTurn();
      await look(session);
      return undefined;
    } catch (error) {
      await this.#forget(host.name);
      if (error instanceof PiclusterError) return Object.assign(error, { host: error.host ?? host.name });
      throw error;
    }
  }

  /** A host that was lost again before it was looked at counts as not reached. */
  async #forget(host: string): Promise<void> {
    await this.#sessions.get(host)?.close();
    this.#sessions.delete(host);
  }

  async close(): Promise<void> {
    await Promise.all(
      this.sessions.map(async (session) => {
        await session.close();
        this.#options.emit({
          type: 'host.end',
          host: session.host.name,
          traffic: session.traffic,
          durationMs: performance.now() - session.openedAt,
        });
      }),
    );
    this.#sessions.clear();
  }
}

/** Refusals of machines stop the run before anything was changed; all of them are told at once. */
function throwRefusals(errors: readonly PiclusterError[]): void {
  for (const type of [PermissionError, LockedError]) {
    const refused = errors.filter((error) => error instanceof type);
    const [first] = refused;
    if (!first) continue;
    if (refused.length === 1) throw first;
    const said = refused.flatMap(({ host, output = '' }) =>
      output
        .split('\n')
        .filter(Boolean)
        .map((line) => `${host}: ${line}`),
    );
    const hints = new Set(refused.flatMap(({ hint }) => hint ?? []));
    throw new type(refused.map((error) => `${error.host}: ${error.message}`).join('\n  '), {
      output: said.join('\n'),
      hint: [...hints].join('\n        '),
    });
  }
}
