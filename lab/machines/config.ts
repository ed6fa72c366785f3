import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '#src/errors.ts';
import type { Lab } from './identity.ts';

const NodeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,19}$/, 'a node name is lower-case letters, digits and -, at most 20 characters');

/** What a machine runs: Debian with systemd, or a small system of busybox and OpenRC that stands in for Alpine. */
export const IMAGES = ['debian', 'openrc'] as const;
export type ImageName = (typeof IMAGES)[number];

const NodeSchema = z.union([
  NodeName.transform((name) => ({ name })),
  z.strictObject({
    name: NodeName,
    /** Who the lab's inventory logs in as: `admin` becomes root by sudo, `root` is root. */
    user: z.enum(['admin', 'root']).optional(),
    image: z.enum(IMAGES).optional(),
    /** Upper bound of the node's memory: `2G`, `512M`. */
    memory: z
      .string()
      .regex(/^[1-9][0-9]*[MG]$/, 'memory is a number with M or G: 2G')
      .optional(),
  }),
]);

const LabSchema = z.strictObject({
  nodes: z
    .array(NodeSchema)
    .min(1)
    .max(200)
    .refine((nodes) => new Set(nodes.map((node) => node.name)).size === nodes.length, 'two nodes have the same name'),
  user: z.enum(['admin', 'root']).default('admin'),
  image: z.enum(IMAGES).default('debian'),
  memory: z
    .string()
    .regex(/^[1-9][0-9]*[MG]$/)
    .optional(),
});

export interface NodeConfig {
  readonly name: string;
  readonly user: 'admin' | 'root';
  readonly image: ImageName;
  /** Bytes; undefined is unlimited. */
  readonly memory: number | undefined;
}

/** Reads the text of a lab file. Throws ConfigError with every mistake. */
export function parseLabFile(text: string, file: string): NodeConfig[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number) => ({ line: lines.linePos(offset).line, column: lines.linePos(offset).col });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map((error) => ({
      file,
      ...at(error.pos[0]),
      path: '',
      message: error.message.split('\n')[0] ?? '',
    }));
    throw new ConfigError(`${file} is not valid YAML`, mistakes);
  }
  const parsed = LabSchema.safeParse(document.toJS());
  if (parsed.success) return normalise(parsed.data);
  const mistakes = parsed.error.issues.map((issue) => {
    const node = document.getIn(issue.path as (string | number)[], true) as { range?: [number, number, number] } | undefined;
    return { file, ...at(node?.range?.[0] ?? 0), path: issue.path.join('.'), message: issue.message };
  });
  throw new ConfigError(`${file} does not describe a lab`, mistakes);
}

function normalise(lab: z.output<typeof LabSchema>): NodeConfig[] {
  return lab.nodes.map((node) => {
    const own = { user: undefined, memory: undefined, image: undefined, ...node };
    return {
      name: node.name,
      user: own.user ?? lab.user,
      image: own.image ?? lab.image,
      memory: bytes(own.memory ?? lab.memory),
    };
  });
}

function bytes(size: string | undefined): number | undefined {
  if (size === undefined) return undefined;
  return Number.parseInt(size, 10) * (size.endsWith('G') ? 2 ** 30 : 2 ** 20);
}

/** The nodes that `lab up` should make: names from the command line, else the given file, else lab/lab.yaml. */
export async function wantedNodes(
  lab: Lab,
  choice: { file?: string | undefined; nodes?: readonly string[] | undefined; image?: string | undefined },
): Promise<NodeConfig[]> {
  const { nodes, image } = choice;
  if (nodes !== undefined) return parseLabFile(JSON.stringify({ nodes, ...(image && { image }) }), '--nodes');
  const file = choice.file ?? join(lab.checkout, 'lab', 'lab.yaml');
  return parseLabFile(await readFile(file, 'utf8'), file);
}
