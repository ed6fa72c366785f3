/** A cluster directory in the making, as plain data. */
export interface ClusterDraft {
  readonly cluster: Record<string, unknown>;
  readonly hosts: Record<string, Record<string, unknown>>;
  readonly groups: Record<string, { hosts?: string[]; children?: string[]; ssh?: Record<string, unknown> }>;
  /** Variables by group. */
  readonly groupVars: Record<string, Record<string, unknown>>;
  readonly hostVars: Record<string, Record<string, unknown>>;
  /** Plain secrets that were found, by path. */
  readonly secrets: Record<string, string>;
}

type Vars = Record<string, unknown>;

/** Puts variables of a namespace under a group or host, beside what is there. */
export function putVars(into: Record<string, Record<string, unknown>>, scope: string, namespace: string, values: Vars): void {
  const defined = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (Object.keys(defined).length === 0) return;
  const own = into[scope] ?? {};
  into[scope] = { ...own, [namespace]: { ...(own[namespace] as Vars | undefined), ...defined } };
}
