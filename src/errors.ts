/** Process exit codes; each error class names its own. */
export const EXIT = {
  done: 0,
  bug: 1,
  changed: 2,
  usage: 64,
  config: 65,
  hostLost: 69,
  stepFailed: 70,
  verifyFailed: 73,
  cannotWrite: 74,
  locked: 75,
  noPermission: 77,
  refused: 78,
  interrupted: 130,
} as const;

export interface ErrorDetails {
  /** The machine it happened on, by its inventory name. */
  host?: string;
  /** The step it happened in: `role/step@host`. */
  step?: string;
  /** What was run, without secrets. */
  command?: string;
  /** What the machine said: the tail of its error output. */
  output?: string;
  /** What to do next, as one sentence to a tired person. */
  hint?: string;
  cause?: unknown;
}

/** Every failure that picluster expects: `message` says what failed; the details say where, what was heard, and what to do. */
export class PiclusterError extends Error {
  override readonly name: string = 'PiclusterError';
  readonly code: string = 'E_PICLUSTER';
  readonly exitCode: number = EXIT.bug;
  readonly host: string | undefined;
  readonly step: string | undefined;
  readonly command: string | undefined;
  readonly output: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.host = details.host;
    this.step = details.step;
    this.command = details.command;
    this.output = details.output;
    this.hint = details.hint;
  }
}

/** Wrong flags or arguments. */
export class UsageError extends PiclusterError {
  override readonly name = 'UsageError';
  override readonly code = 'E_USAGE';
  override readonly exitCode = EXIT.usage;
}

/** One mistake in a file of the cluster directory. `line` and `column` count from 1. */
export interface Mistake {
  file: string;
  line: number;
  column: number;
  /** Where in the document: `hosts.node1.adress`; empty for the document itself. */
  path: string;
  message: string;
}

/** The cluster directory is not valid; nothing was touched. Holds every mistake found. */
export class ConfigError extends PiclusterError {
  override readonly name = 'ConfigError';
  override readonly code = 'E_CONFIG';
  override readonly exitCode = EXIT.config;
  readonly mistakes: readonly Mistake[];

  constructor(message: string, mistakes: readonly Mistake[] = [], details: ErrorDetails = {}) {
    super(message, details);
    this.mistakes = mistakes;
  }
}

/** A host could not be reached, or was lost in the middle of a run. */
export class HostLostError extends PiclusterError {
  override readonly name = 'HostLostError';
  override readonly code = 'E_HOST_LOST';
  override readonly exitCode = EXIT.hostLost;
}

/** The host is back, and what the lost connection started on it still runs: nothing may begin before that has ended. */
export class HostBusyError extends HostLostError {}

/** The machine said no: authentication, host key, become. */
export class PermissionError extends PiclusterError {
  override readonly name = 'PermissionError';
  override readonly code = 'E_PERMISSION';
  override readonly exitCode = EXIT.noPermission;
}

/** The machine is not the one we know: never tried again. */
export class HostKeyError extends PermissionError {}

export class StepFailedError extends PiclusterError {
  override readonly name = 'StepFailedError';
  override readonly code = 'E_STEP';
  override readonly exitCode = EXIT.stepFailed;
}

/** A command that the operator has put around a step, a role or a run said no. */
export class HookFailedError extends PiclusterError {
  override readonly name = 'HookFailedError';
  override readonly code = 'E_HOOK';
  override readonly exitCode = EXIT.stepFailed;
}

/** A step ran, and the machine still is not as it should be. */
export class VerifyError extends PiclusterError {
  override readonly name = 'VerifyError';
  override readonly code = 'E_VERIFY';
  override readonly exitCode = EXIT.verifyFailed;
}

/** This machine, not a host, cannot store what a run must leave behind: a full or read-only disk. */
export class CannotWriteError extends PiclusterError {
  override readonly name = 'CannotWriteError';
  override readonly code = 'E_CANNOT_WRITE';
  override readonly exitCode = EXIT.cannotWrite;
}

/** Another run holds the lock of a host or of the cluster. */
export class LockedError extends PiclusterError {
  override readonly name = 'LockedError';
  override readonly code = 'E_LOCKED';
  override readonly exitCode = EXIT.locked;
}

/** A safety check said no before anything was changed. `findings` are all of them. */
export class RefusedError extends PiclusterError {
  override readonly name = 'RefusedError';
  override readonly code = 'E_REFUSED';
  override readonly exitCode = EXIT.refused;
  readonly findings: readonly string[];

  constructor(message: string, findings: readonly string[] = [], details: ErrorDetails = {}) {
    super(message, details);
    this.findings = findings;
  }
}

/** A bounded wait ended without what it waited for; `output` explains what was seen last. */
export class TimeoutError extends PiclusterError {
  override readonly name = 'TimeoutError';
  override readonly code = 'E_TIMEOUT';
  override readonly exitCode = EXIT.stepFailed;
}

export class InterruptedError extends PiclusterError {
  override readonly name = 'InterruptedError';
  override readonly code = 'E_INTERRUPTED';
  override readonly exitCode = EXIT.interrupted;
}

/** There is no Kubernetes API to talk to (yet): nothing installed, or the server does not answer. Actions answer `later` to it. */
export class ApiUnavailableError extends PiclusterError {
  override readonly name = 'ApiUnavailableError';
  override readonly code = 'E_NO_API';
  override readonly exitCode = EXIT.stepFailed;
}
