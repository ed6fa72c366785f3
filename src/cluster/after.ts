import { z } from 'zod';

const END = /^([a-z][a-z0-9-]*)(?:\/([^@]+))?(?:@([A-Za-z0-9][\w-]*))?$/;
const End = z
  .string()
  .regex(END, 'must be ROLE or ROLE/STEP, with @HOST or @GROUP where it is another host: storage/mount:/srv@nas');

/** `after:` of cluster.yaml: what waits for what, beside the order that roles have anyway. */
export const After = z
  .record(End, z.union([End, z.array(End)]))
  .default({})
  .describe('ROLE or ROLE/STEP -> what it waits for; with @HOST or @GROUP on other hosts');

export interface AfterEnd {
  role: string;
  step: string | undefined;
  /** Host or group. */
  place: string | undefined;
}

/** The parts of `storage/mount:/srv@nas`. */
export function parseEnd(text: string): AfterEnd {
  const [, role = '', step, place] = END.exec(text) ?? [];
  return { role, step, place };
}
