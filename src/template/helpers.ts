import type Handlebars from 'handlebars';
import type { HelperDeclareSpec, HelperDelegate, HelperOptions } from 'handlebars';
import type { Secret } from '#src/secrets/secret.ts';
import { quote } from '#src/shell/script.ts';
import { HeldSecret, type SecretHolder } from './secret-holder.ts';
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

/** Handlebars is strict about `{{x}}` only: a helper would print `undefined` for what is not given. */
export class MissingArgument extends Error {
  readonly line: number;
  constructor({ name, loc }: HelperOptions & { name?: string; loc?: { start: { line: number } } }) {
    super(`what {{${name}}} is used on is not given`);
    this.line = loc?.start.line ?? 1;
  }
}

const given = (helper: HelperDelegate): HelperDelegate =>
  function (this: unknown, ...parameters: unknown[]) {
    const options = parameters.at(-1) as HelperOptions;
    if (parameters.slice(0, -1).includes(undefined)) throw new MissingArgument(options);
    return helper.call(this, ...parameters);
  };

/** A secret of the host by its name; it goes through other helpers as every secret does: `{{quote (secret "k3s.token")}}`. */
function secret(...parameters: unknown[]): unknown {
  const { data } = parameters.at(-1) as HelperOptions;
  const { holder, secret: find } = data as { holder: SecretHolder; secret?: (path: string) => Secret };
  const [path] = parameters;
  if (typeof path !== 'string') throw new TypeError('{{secret}} takes the name of a secret in quotes: {{secret "k3s.token"}}');
  if (!find) throw new TypeError('{{secret}} is not known here: the role renders it without its `templates`');
  return holder.hold(find(path));
}

/** What every template may use: `{{yaml x}}`, `{{json x}}`, `{{quote x}}` (one shell word), `{{indent 2 x}}`, `{{secret "name"}}`; `if` alone may be asked for what is not given. */
export const helpersFor = ({ helpers: { each, with: within } }: typeof Handlebars): HelperDeclareSpec => ({
  ...(each && { each: given(each) }),
  ...(within && { with: given(within) }),
  secret: given(secret),
  yaml: given((value: unknown) => yamlOfHeld(value).trimEnd()),
  json: given((value: unknown) => json(value)),
  quote: given((value: unknown) => encode(value, quote)),
  indent: given((width: number, value: unknown) => encode(value, indented(width))),
});
