import { z } from 'zod';
import type { Kind } from './kind.ts';

/** As z.toJSONSchema writes it, as far as specs of kinds go. */
interface Shape {
  title?: string;
  type?: string;
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Shape[];
  items?: Shape;
  properties?: Readonly<Record<string, Shape>>;
  additionalProperties?: Shape | boolean;
  required?: readonly string[];
  default?: unknown;
  description?: string;
}

const HEAD = `# Kinds: what can be wanted of a host

Roles say what a host should look like with these. Each looks first, changes only what differs, and looks again; all of them can be run twice, and killed
half-way. They need nothing on a host but a POSIX shell (dash, bash and busybox are tried) and the programs of what they are about.

    import { file, service, step } from 'picluster';

    step(file({ path: '/etc/motd', content: 'hello\\n' }))

\`state: absent\` takes a thing away. Where something is lost by that, the plan marks it, and \`apply\` asks for the cluster's name. What a kind will refuse to do
stands in the plan, too. A spec with a field that is not here, or without one that is required, is refused before any host is asked;
what makes a thing (a file's \`content\`, a mount's \`source\`) is needed unless it is to be absent.

This page is made from the schemas of the kinds (\`src/resource/\`); a test keeps them equal.
`;

/** The reference of kinds for people, in Markdown: a section for each, by the name of its function. */
export function kindsReference(kinds: Readonly<Record<string, Kind<never, never>>>): string {
  const sections = Object.entries(kinds)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, kind]) => section(name, kind));
  return [HEAD, ...sections].join('\n');
}

function section(name: string, kind: Kind<never, never>): string {
  const shape = z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' }) as Shape;
  const rows = Object.entries(shape.properties ?? {})
    .filter(([field, { description }]) => field !== 'state' && !description?.includes('by the engine'))
    .map(([field, one]) => `| \`${field}\` | ${typeOf(one)} | ${defaultOf(field, one, shape)} | ${said(one)} |`);
  const absent = kind.absent ? `\`state: absent\`: ${kind.absent}.\n\n` : 'There is no `state: absent`.\n\n';
  const table =
    rows.length > 0 ? `| field | type | default | what it says |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n` : '';
  return `## ${name}\n\n${kind.summary}\n\n${absent}${table}`;
}

/** In a cell of a table, where a line has no full stop at its end. */
const said = ({ description = '' }: Shape): string => description.replace(/\.$/, '').replaceAll('|', '\\|');

function defaultOf(field: string, one: Shape, { required = [] }: Shape): string {
  if (field === 'mode' && typeof one.default === 'number') return `0${one.default.toString(8)}`;
  if (one.default !== undefined)
    return `\`${typeof one.default === 'string' ? one.default || "''" : JSON.stringify(one.default)}\``;
  return required.includes(field) ? 'required' : '';
}

function typeOf(shape: Shape): string {
  if (shape.title) return shape.title;
  if (shape.enum) return shape.enum.map((value) => `\`${value}\``).join(' or ');
  if (shape.const !== undefined) return `\`${shape.const}\``;
  if (shape.anyOf) return [...new Set(shape.anyOf.map(typeOf))].join(' or ');
  if (shape.type === 'array') return `list of ${typeOf(shape.items ?? {})}`;
  if (shape.type === 'object') return shape.properties ? `{${Object.keys(shape.properties).join(', ')}}` : 'map';
  return shape.type ?? 'value';
}
