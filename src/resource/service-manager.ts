import type { Script } from '#src/shell/script.ts';
import type { ServiceSpec } from './service.ts';

/** What an init system must be able to do for us. */
export interface ServiceManager {
  /**
   * Five fields per name, in systemd's words: LoadState (`loaded`, `not-found`, `masked`), ActiveState, UnitFileState, `yes` when what it
   * has loaded is not what is on disk, and the stamp.
   */
  probe(names: readonly string[]): Script;
  /** Brings a service to its wanted state; decides by what it finds, so that it is right also after an input changed in the same run. */
  apply(spec: ServiceSpec): Script;
  /** After an apply that may have started it: still the same main process? Then the stamp is written. Ends with 92 when no start is known. */
  watch(spec: ServiceSpec): Script;
  /** False: what is to be masked is stopped and disabled, and nothing is ever found masked. */
  readonly masks: boolean;
}
