/** A Kubernetes object as the API gives and takes it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    managedFields?: { manager?: string; operation?: string; subresource?: string; fieldsV1?: unknown }[];
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  namespace?: string | undefined;
}

export interface ListOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  signal?: AbortSignal | undefined;
}

export interface ApplyOptions {
  /** Asks the server what would become of it; nothing is kept. */
  dryRun?: boolean;
  signal?: AbortSignal | undefined;
}

export interface LogOptions {
  container?: string;
  /** Default 20. */
  tailLines?: number;
  signal?: AbortSignal | undefined;
}

/** What picluster needs of the Kubernetes API. Errors are KubeError with the status code and the API's own message. */
export interface KubeClient {
  /** Undefined when it does not exist (also when its kind does not exist yet). */
  get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined>;
  /** All pages. Empty when the kind does not exist yet. */
  list(apiVersion: string, kind: string, options?: ListOptions): Promise<KubeObject[]>;
  /** Server-side apply as field manager `picluster`; never forces: conflicts are a KubeConflictError naming managers and fields. `dryRun` asks the server only. */
  apply(object: KubeObject, options?: ApplyOptions): Promise<KubeObject>;
  /** Sets annotations and nothing else, as a field manager of its own: a later apply does not take them away. */
  annotate(ref: ObjectRef, annotations: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<KubeObject>;
  /**
   * JSON merge patch (RFC 7386), for lists with several owners that server-side apply cannot share: a Node's taints. Give it the
   * `metadata.resourceVersion` that was looked at: then it is refused (KubeError 409) when the object has changed meanwhile.
   */
  patch(ref: ObjectRef, patch: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<KubeObject>;
  delete(ref: ObjectRef, signal?: AbortSignal): Promise<void>;
  /** Asks for the end of a pod as its disruption budget allows. KubeError 429 when it does not; well when the pod is gone already. */
  evict(namespace: string, pod: string, signal?: AbortSignal): Promise<void>;
  /** Last lines of one container's log. */
  logs(namespace: string, pod: string, options?: LogOptions): Promise<string>;
  /** `/readyz`: true when the API server says ok. */
  ready(signal?: AbortSignal): Promise<boolean>;
  version(signal?: AbortSignal): Promise<string>;
  close(): Promise<void>;
}
