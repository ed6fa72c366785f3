import { printable } from '#src/render/printable.ts';

/** A piece of HTML: made by the `html` template only, so whatever comes from elsewhere is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/** Joins literal HTML and values; values that are not Html themselves are escaped, also inside attributes (which must be quoted). */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(parts.map((part, index) => part + textOf(values[index])).join(''));
}

function textOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  return Array.isArray(value) ? value.map(textOf).join('') : escaped(String(value));
}

const NAMES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** No tags, no entities, nothing that moves a cursor. */
const escaped = (text: string): string => printable(text).replaceAll(/[&<>"']/g, (char) => NAMES[char] ?? '');
