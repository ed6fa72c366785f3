import type { Host, Timeouts } from '#src/cluster/cluster.ts';
import { HostLostError, PiclusterError, StepFailedError } from '#src/errors.ts';
import type { Facts } from '#src/facts/facts.ts';
import type { Script } from '#src/shell/script.ts';
import type { LocalPort, LockRequest, RootShell, ShellReply, UploadOptions } from '#src/transport/connection.ts';
import { forwardPort } from '#src/transport/forward.ts';
import type { HostTraffic } from './events.ts';
import { type Connect, type Foreseen, type Link, openLink } from './link.ts';
import { type Observations, parseProbe, probeOf, type ResourceStep } from './observe.ts';
import { type ReconnectOptions, reconnect } from './reconnect.ts';

const PROBE_TIMEOUT_MS = 120_000;
const ORDER_TIMEOUT_MS = 60_000;
const REBOOT_PAUSE_MS = 5_000;
/** A question that loses the connection each time is the reason why it is lost. */
const MAX_ASKED = 3;

export interface Reconnecting extends Pick<ReconnectOptions<unknown>, 'emit' | 'draining' | 'turns'> {
  readonly timeouts: Pick<Timeouts, 'reconnectMs' | 'rebootMs'>;
}

export interface SessionOptions {
  readonly signal: AbortSignal;
  readonly lock?: LockRequest | undefined;
  /** How a lost connection is made again; without it, lost is lost. */
  readonly reconnect?: Reconnecting | undefined;
  /** The probe that will be asked if the host is what it was: it goes out with the question for facts. */
  readonly foresee?: (() => Promise<Foreseen | undefined>) | undefined;
}

/**
 * One host of a run: its root shell, and what it said about itself. The connection under it may be lost and made again: a request that was
 * under way rejects with HostLostError, the next one is sent once the host is back.
 */
export class HostSession {
  readonly host: Host;
  /** Stays the same when the connection is made again. */
  readonly shell: RootShell;
  /** As of the last connection. */
  facts: Facts;
  /** The last observation was answered together with the facts. */
  wasForeseen = false;
  /** `performance.now()` when it was opened. */
  readonly openedAt = performance.now();
  readonly #connect: Connect;
  readonly #options: SessionOptions;
  /** Undefined while it rests: what a connection holds in memory goes with it. */
  #link: Link | undefined;
  /** What the foreseen probe said; used once, before anything can have changed. */
  #early: Link['early'];
  /** Of the connections before this one. */
  #past: HostTraffic = { requests: 0, bytesSent: 0, bytesReceived: 0 };
  /** Set while the host is lost. */
  #loss: HostLostError | undefined;
  /** The boot that the machine was told to leave. */
  #leaving: string | undefined;
  /** Set once it is lost for good. */
  #gone: unknown;
  #coming: Promise<void> | undefined;
  #fingerprint: string;
  #waking: Promise<Link> | undefined;
  readonly #closing = new AbortController();

  private constructor(host: Host, connect: Connect, options: SessionOptions, link: Link) {
    this.host = host;
    this.#connect = connect;
    this.#options = options;
    this.#link = link;
    this.#early = link.early;
    this.#fingerprint = link.fingerprint;
    this.facts = link.facts;
    const requests = (): number => this.traffic.requests;
    this.shell = {
      run: (request) => this.#over(({ shell }) => shell.run(request)),
      get requests() {
        return requests();
      },
      close: async () => this.#link?.shell.close(),
    };
  }

  /** Connects, becomes root, takes the lock if one is given, and asks for facts. On failure nothing stays open. */
  static async open(host: Host, connect: Connect, options: SessionOptions): Promise<HostSession> {
    const { signal, lock, foresee, reconnect: how } = options;
    const stop = AbortSignal.any([signal, ...(how ? [how.draining] : [])]);
    return new HostSession(host, connect, options, await openLink(host, connect, { signal: stop, lock, foresee }));
  }

  async observe(steps: readonly ResourceStep[]): Promise<Observations> {
    if (steps.length === 0) return new Map();
    const probe = probeOf(steps, this.facts);
    const early = this.#early;
    this.#early = undefined;
    // The facts are always read anew, and the probe is made from them: only if that is the very one that was sent, its answer counts.
    this.wasForeseen = early !== undefined && this.traffic.requests === 1 && early.script.text === probe.script.text;
    if (early && this.wasForeseen) return parseProbe(probe, early.stdout, this.host.name);
    const reply = await this.ask(probe.script, 'probe', PROBE_TIMEOUT_MS);
    return parseProbe(probe, reply.stdout.toString(), this.host.name);
  }

  /** A request that changes nothing and whose exit status must be 0: asked again when the host was lost over it. */
  async ask(script: Script, step: string, timeoutMs: number): Promise<ShellReply> {
    const reply = await this.#again(() => this.shell.run({ script, step, timeoutMs, signal: this.#options.signal }));
    if (reply.exitCode !== 0) {
      throw new PiclusterError(`the ${step} ended with exit status ${reply.exitCode}`, {
        host: this.host.name,
        output: reply.stderr.toString().slice(-2000),
      });
    }
    return reply;
  }

  upload(localPath: string, remotePath: string, options: UploadOptions): Promise<void> {
    return this.#over(({ connection }) => connection.upload(localPath, remotePath, options));
  }

  /** A port on this machine that leads to a port as the host reaches it, and stays when the connection is made again. */
  forward(remoteHost: string, remotePort: number): Promise<LocalPort> {
    return forwardPort(() => this.#again(() => this.#over(({ connection }) => connection.stream(remoteHost, remotePort))));
  }

  /**
   * Tells the machine to reboot and resolves once it is back: locked, and asked for facts. Throws HostLostError when it is not in
   * time (`timeouts.reboot`), or lost before it had heard.
   */
  async reboot(script: Script, step: string): Promise<void> {
    const reply = await this.shell.run({ script, step, timeoutMs: ORDER_TIMEOUT_MS, signal: this.#options.signal });
    if (reply.exitCode !== 0) {
      throw new StepFailedError(`${this.host.name} did not take the order to reboot: exit status ${reply.exitCode}`, {
        host: this.host.name,
        output: reply.stderr.toString(),
      });
    }
    this.#leaving = this.facts.bootId;
    this.#loss = new HostLostError(`${this.host.name} was told to reboot`, { host: this.host.name, step });
    await this.present();
  }

  /** Resolves when the host is there, after its return if it was lost. Throws what `reconnect` throws, again and again once it has. */
  async present(): Promise<void> {
    if (this.#gone) throw this.#gone;
    if (!this.#loss) return;
    this.#coming ??= this.#reconnect(this.#loss).finally(() => {
      this.#coming = undefined;
    });
    await this.#coming;
  }

  /** As of the last connection: by which the next run knows the host. */
  get fingerprint(): string {
    return this.#fingerprint;
  }

  /** Lets a host go that needs nothing: its connection and its lock. Whoever asks something of it later wakes it up: connected, locked, facts anew. */
  async rest(): Promise<void> {
    const link = this.#link;
    this.#past = this.traffic;
    this.#link = undefined;
    await link?.connection.close();
  }

  async #awake(): Promise<Link> {
    if (this.#link) return this.#link;
    const { signal, lock } = this.#options;
    const open = async (): Promise<Link> => {
      const link = await openLink(this.host, this.#connect, { signal, lock: lock && { ...lock, again: true } });
      this.#link = link;
      this.facts = link.facts;
      return link;
    };
    this.#waking ??= open()
      .catch((error) => {
        // The next one who asks waits for its return, as after any other loss.
        if (error instanceof HostLostError) this.#loss ??= error;
        throw error;
      })
      .finally(() => {
        this.#waking = undefined;
      });
    return this.#waking;
  }

  async #over<T>(work: (link: Link) => Promise<T>): Promise<T> {
    await this.present();
    const link = await this.#awake();
    try {
      return await work(link);
    } catch (error) {
      if (error instanceof HostLostError && link === this.#link) this.#loss ??= error;
      throw error;
    }
  }

  async #again<T>(work: () => Promise<T>): Promise<T> {
    for (let asked = 1; ; asked++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof HostLostError) || asked === MAX_ASKED) throw error;
        await this.present();
      }
    }
  }

  async #reconnect(loss: HostLostError): Promise<void> {
    const { signal, reconnect: how } = this.#options;
    try {
      if (!how) throw loss;
      await this.#link?.connection.close();
      const { opened, attempts, durationMs } = await reconnect({
        ...how,
        host: this.host.name,
        loss,
        signal: AbortSignal.any([signal, this.#closing.signal]),
        // One that was told to reboot has time for its shutdown, its firmware and its boot.
        ...(this.#leaving === undefined
          ? { withinMs: how.timeouts.reconnectMs }
          : { withinMs: how.timeouts.rebootMs, maxPauseMs: REBOOT_PAUSE_MS }),
        open: (bound) => this.#openAgain(bound),
      });
      const rebooted = opened.facts.bootId !== this.facts.bootId;
      this.#past = this.traffic;
      this.#link = opened;
      this.#early = undefined;
      this.facts = opened.facts;
      this.#loss = undefined;
      this.#leaving = undefined;
      how.emit({ type: 'host.reconnected', host: this.host.name, attempts, durationMs, rebooted });
    } catch (error) {
      this.#gone = error;
      throw error;
    }
  }

  async #openAgain(signal: AbortSignal): Promise<Link> {
    const { lock } = this.#options;
    const link = await openLink(this.host, this.#connect, { signal, lock: lock && { ...lock, again: true } });
    if (link.facts.bootId !== this.#leaving) return link;
    await link.connection.close();
    throw new HostLostError(`${this.host.name} has not gone down yet`, { host: this.host.name });
  }

  get traffic(): HostTraffic {
    if (!this.#link) return this.#past;
    const { connection, shell } = this.#link;
    return {
      requests: this.#past.requests + shell.requests,
      bytesSent: this.#past.bytesSent + connection.traffic.bytesSent,
      bytesReceived: this.#past.bytesReceived + connection.traffic.bytesReceived,
    };
  }

  async close(): Promise<void> {
    this.#gone ??= new HostLostError(`the connection to ${this.host.name} was closed from here`, { host: this.host.name });
    this.#closing.abort();
    await this.#coming?.catch(() => {});
    await this.#waking?.catch(() => {});
    await this.#link?.connection.close();
  }
}
