import { type ErrorDetails, EXIT, PiclusterError } from '#src/errors.ts';

/** What the Kubernetes API says when it refuses: its `Status` object. Source: meta/v1 Status. */
export interface ApiStatus {
  message?: string;
  reason?: string;
  code?: number;
  details?: { causes?: { reason?: string; message?: string; field?: string }[] };
}

/** The Kubernetes API answered with an error. `message` holds the API's own words. */
export class KubeError extends PiclusterError {
  override readonly name: string = 'KubeError';
  override readonly code: string = 'E_KUBE';
  override readonly exitCode: number = EXIT.stepFailed;
  /** HTTP status. */
  readonly status: number;
  /** The API's one-word reason: `NotFound`, `Invalid`; empty when the answer was not the API's. */
  readonly reason: string;

  constructor(message: string, status: number, reason: string, details: ErrorDetails = {}) {
    super(message, details);
    this.status = status;
    this.reason = reason;
  }
}

export interface FieldConflict {
  /** Field manager as the API names it: `"kubectl-edit" using v1`. */
  manager: string;
  field: string;
}

/** Fields that we would set are owned by somebody else with other values. They are shown, never forced. */
export class KubeConflictError extends KubeError {
  override readonly name = 'KubeConflictError';
  override readonly code = 'E_KUBE_CONFLICT';
  override readonly exitCode = EXIT.refused;
  readonly conflicts: readonly FieldConflict[];

  constructor(what: string, conflicts: readonly FieldConflict[]) {
    super(`${what}: fields are managed by somebody else`, 409, 'Conflict', {
      output: conflicts.map(({ manager, field }) => `${field} is managed by ${manager}`).join('\n'),
      hint: 'let that owner give the fields up, or give them the values of the inventory; picluster never takes them by force',
    });
    this.conflicts = conflicts;
  }
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'the kubeconfig in use is not of this cluster, or its certificate has expired',
  403: 'the kubeconfig in use may not do this; picluster needs the admin kubeconfig of a server',
};

/** The error for an answer of 400 or more. `what` says what was asked: `apply Deployment flux-system/source-controller`. */
export function kubeErrorOf(what: string, httpStatus: number, body: string): KubeError {
  const status = parseStatus(body);
  const conflicts = (status?.details?.causes ?? [])
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message = '', field = '' }) => ({ manager: message.replace(/^conflict with /, ''), field }));
  if (httpStatus === 409 && conflicts.length > 0) return new KubeConflictError(what, conflicts);
  const message = status?.message ?? body.trim().slice(0, 500);
  const hint = HINTS[httpStatus];
  return new KubeError(
    `${what}: ${message || `HTTP status ${httpStatus}`}`,
    httpStatus,
    status?.reason ?? '',
    hint ? { hint } : {},
  );
}

function parseStatus(body: string): ApiStatus | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return value && typeof value === 'object' && (value as { kind?: string }).kind === 'Status'
      ? (value as ApiStatus)
      : undefined;
  } catch {
    return undefined;
  }
}
