import { Encrypted } from './yaml.ts';

/** What a template asks for that is not known here. */
export class Unresolved {
  readonly expression: string;
  constructor(expression: string) {
    this.expression = expression;
  }
}

type Vars = Readonly<Record<string, unknown>>;

const WHOLE = /^\s*\{\{([^{}]*)\}\}\s*$/;
const PART = /\{\{([^{}]*)\}\}/g;
const MAX_DEPTH = 20;

/**
 * Values with their `{{ references }}` to other variables filled in: paths (`a.b`, `a['b']`) and `default(...)`; everything else that Jinja can
 * is Unresolved. What is encrypted stays Encrypted. Pure.
 */
export function resolve(value: unknown, vars: Vars, depth = 0): unknown {
  if (value instanceof Encrypted || value instanceof Unresolved) return value;
  if (Array.isArray(value)) return value.map((item) => resolve(item, vars, depth));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, vars, depth)]));
  if (typeof value !== 'string' || !/\{[{%]/.test(value)) return value;
  if (depth > MAX_DEPTH || value.includes('{%')) return new Unresolved(value);
  const whole = WHOLE.exec(value);
  if (whole) return evaluate(whole[1] ?? '', vars, depth);
  let missing: unknown;
  const text = value.replaceAll(PART, (_, expression: string) => {
    const found = evaluate(expression, vars, depth);
    if (found instanceof Unresolved || found instanceof Encrypted) missing ??= found;
    return String(found);
  });
  return missing ?? text;
}

function evaluate(expression: string, vars: Vars, depth: number): unknown {
  const [path = '', ...filters] = expression.split('|').map((part) => part.trim());
  const found = lookUp(path, vars);
  if (found !== undefined && filters.every((filter) => /^(?:default\(.*\)|string|trim)$/.test(filter)))
    return resolve(found, vars, depth + 1);
  const [, single, double, word] = /^default\(\s*(?:'([^']*)'|"([^"]*)"|(\w+))/.exec(filters[0] ?? '') ?? [];
  const fallback = single ?? double ?? word;
  if (found === undefined && fallback !== undefined && filters.length === 1) return fallback;
  return new Unresolved(`{{ ${expression.trim()} }}`);
}

/** `a.b['c'].d`: undefined when any part is not there, or when it is no path. */
function lookUp(path: string, vars: Vars): unknown {
  if (!/^[A-Za-z_]\w*(?:\.\w+|\[(?:'[^']*'|"[^"]*"|\d+)\])*$/.test(path)) return undefined;
  const keys = [...path.matchAll(/[A-Za-z_0-9-]+/g)].map(([key]) => key);
  return keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Vars)[key] : undefined),
    vars,
  );
}
