import type { HelperDeclareSpec } from 'handlebars';
import { quote } from '#src/shell/script.ts';
import { HeldSecret } from './secret-holder.ts';
import { yamlOfHeld } from './yaml.ts';

const encode = (value: unknown, how: (text: string) => string): string =>
  value instanceof HeldSecret ? value.encoded(how) : how(String(value));

const indented =
  (width: number) =>
  (text: string): string =>
    text.replaceAll(/^(?=.)/gm, ' '.repeat(width));

/** JSON, in which a held secret's mark stands without the quotes that its text brings along. */
function json(value: unknown): string {
  if (value instanceof HeldSecret) return value.encoded(JSON.stringify);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${json(item)}`)
    .join(',')}}`;
}

/** What every template may use: `{{yaml x}}`, `{{json x}}`, `{{quote x}}` (one shell word), `{{indent 2 x}}`. */
export const helpers: HelperDeclareSpec = {
  yaml: (value: unknown) => yamlOfHeld(value).trimEnd(),
  json: (value: unknown) => json(value),
  quote: (value: unknown) => encode(value, quote),
  indent: (width: number, value: unknown) => encode(value, indented(width)),
};
