import { HostLostError } from '#src/errors.ts';

/** A step that loses its host each time is not tried for ever. */
const MAX_LOSSES = 3;

/** Counts how often hosts were lost since a step ended last. */
export class Losses {
  readonly #host: string;
  /** Resolves once a host of the run is there, after its return if it was lost; rejects when it does not come back. */
  readonly #present: (host: string) => Promise<void>;
  #count = 0;

  constructor(host: string, present: (host: string) => Promise<void>) {
    this.#host = host;
    this.#present = present;
  }

  /** Is it this very host that was lost? */
  isOurs(error: unknown): error is HostLostError {
    return error instanceof HostLostError && (error.host === undefined || error.host === this.#host);
  }

  /** Waits for this host. Throws when it does not come back, or was lost too often. */
  async survive(error: HostLostError): Promise<void> {
    this.#count += 1;
    if (this.#count > MAX_LOSSES) throw lostEachTime(error);
    await this.#present(this.#host);
  }

  /** Has another host that an action was lost with come back? Then the action is tried again. */
  async isBack(error: unknown): Promise<boolean> {
    if (!(error instanceof HostLostError) || error.host === undefined) return false;
    this.#count += 1;
    if (this.#count > MAX_LOSSES) return false;
    return this.#present(error.host).then(
      () => true,
      () => false,
    );
  }

  forget(): void {
    this.#count = 0;
  }
}

const lostEachTime = (error: HostLostError): HostLostError =>
  new HostLostError(`${error.message}; it came back ${MAX_LOSSES} times, and was lost again before a step was done`, {
    ...(error.host === undefined ? {} : { host: error.host }),
    ...(error.step === undefined ? {} : { step: error.step }),
    hint: 'does this step cut the connection? look at what it changes',
    cause: error,
  });
