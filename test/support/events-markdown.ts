/** The part of JSON Schema that the schema of the events uses. */
interface Schema {
  title?: string;
  description?: string;
  type?: string;
  const?: unknown;
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  oneOf?: Schema[];
}

const STAMP = ['v', 'seq', 'at', 'type'];

/** docs/events.md, made of the schema itself: it can say nothing else than the schema does. Pure. */
export function eventsMarkdown(schema: Schema): string {
  const events = schema.oneOf ?? [];
  const stamp = events[0]?.properties ?? {};
  const shapes = new Map(events.flatMap((event) => Object.values(event.properties ?? {}).flatMap(namedShapes)));
  return `${[
    '# Events of a run',
    INTRODUCTION,
    '## In every event',
    fieldTable(
      STAMP.map((name) => [name, name === 'type' ? { type: 'string', description: 'one of those below' } : stamp[name]!, true]),
    ),
    '## Events',
    ...events.flatMap((event) => section('###', event)),
    '## Shapes',
    ...[...shapes.values()].flatMap((shape) => section('###', shape)),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = `A run is a series of events. Each stands as one JSON object on one line in the run's journal (\`events.ndjson\` in the run's directory, see [reports](reports.md))
and, with \`--output json\`, on standard output: the same lines. Progress, reports and the exit code are made of nothing else. No event holds a secret.

\`picluster schema events\` prints the JSON Schema of a line. Version 1 only grows: by new events and by new optional fields. So a reader skips events and fields that it does not
know; a change that would break it gets another \`v\`.

    picluster apply --yes --output json | jq -r 'select(.type == "step.end" and .status == "failed") | "\\(.host) \\(.step)"'`;

function section(heading: string, { title, description, properties = {}, required = [] }: Schema): string[] {
  const fields = Object.entries(properties).filter(([name]) => !(STAMP.includes(name) && 'type' in properties));
  const rows = fields.map(([name, field]): [string, Schema, boolean] => [name, field, required.includes(name)]);
  return [`${heading} ${title}`, sentence(description), ...(rows.length > 0 ? [fieldTable(rows)] : [])];
}

function sentence(text = ''): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return capital.endsWith('.') ? capital : `${capital}.`;
}

const fieldTable = (rows: readonly (readonly [string, Schema, boolean])[]): string =>
  [
    '| field | type | |',
    '| --- | --- | --- |',
    ...rows.map(
      ([name, field, isRequired]) =>
        `| \`${name}\`${isRequired ? '' : ' (may be missing)'} | ${typeText(field)} | ${field.title ? '' : (field.description ?? '')} |`,
    ),
  ].join('\n');

function typeText({ title, type, enum: values, const: value, items }: Schema): string {
  if (title) return `[${title}](#${title.toLowerCase()})`;
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  if (values) return values.map((word) => `\`${word}\``).join(', ');
  if (type === 'array')
    return items?.properties ? `list of {${Object.keys(items.properties).join(', ')}}` : `list of ${items?.type}s`;
  return type ?? 'anything';
}

/** Objects that have a name of their own, also inside of others. */
function namedShapes(schema: Schema): [string, Schema][] {
  const own: [string, Schema][] = schema.title ? [[schema.title, schema]] : [];
  return [
    ...own,
    ...Object.values(schema.properties ?? {}).flatMap(namedShapes),
    ...(schema.items ? namedShapes(schema.items) : []),
  ];
}
