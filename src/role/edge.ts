/** Which steps of an edge: a role's all, or one. Without hosts: on the same host as the other end. */
export interface EdgeEnd {
  readonly role: string;
  /** Name of a step of the role; undefined: from the role's first to its last. */
  readonly step: string | undefined;
  readonly hosts: readonly string[] | undefined;
}

/** An edge that the operator adds: `from` waits for `to`. */
export interface ExtraEdge {
  readonly from: EdgeEnd;
  readonly to: EdgeEnd;
}
