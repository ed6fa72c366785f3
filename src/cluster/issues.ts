import type { ZodType } from 'zod';
import { Secret } from '#src/secrets/secret.ts';
import type { Path } from '#src/yaml/source.ts';
import { nearest, suggestion } from './suggest.ts';

/** One thing that does not fit a schema. `isKey`: the key itself is wrong, not its value. */
export interface Issue {
  path: Path;
  message: string;
  isKey: boolean;
  /** It might fit once other layers are merged in: something is missing, or keys do not go together. */
  mayHeal: boolean;
}

/** What zod says, as far as it is used here; its own types change with the code. */
interface RawIssue {
  code: string;
  path?: PropertyKey[];
  message?: string;
  input?: unknown;
  expected?: string;
  values?: readonly unknown[];
  keys?: readonly string[];
  errors?: readonly (readonly RawIssue[])[];
  issues?: readonly RawIssue[];
  minimum?: number | bigint;
  maximum?: number | bigint;
  origin?: string;
  pattern?: string;
  inst?: { _zod: { def: { shape?: Record<string, unknown> } } };
}

const SEPARATOR = '\u0000';

/** Checks data against a schema; the parsed value, or everything that is wrong with it, in words for people. */
export function check<T>(schema: ZodType<T>, data: unknown): { value: T } | { issues: Issue[] } {
  const result = schema.safeParse(data, { error: (issue) => describe(issue as RawIssue) });
  if (result.success) return { value: result.data };
  return { issues: (result.error.issues as RawIssue[]).flatMap((issue) => flatten(issue, data)) };
}

function flatten(issue: RawIssue, data: unknown, prefix: Path = []): Issue[] {
  const path = [...prefix, ...(issue.path ?? []).map((key) => (typeof key === 'number' ? key : String(key)))];
  const message = (issue.message ?? 'not valid').replace(/^(?=an? )/, 'must be ');
  if (issue.code === 'unrecognized_keys') {
    const messages = message.split(SEPARATOR);
    return (issue.keys ?? []).map((key, index) => ({
      path: [...path, key],
      message: messages[index] ?? message,
      isKey: true,
      mayHeal: false,
    }));
  }
  if (issue.code === 'invalid_key') {
    const why = issue.issues?.[0]?.message ?? message;
    return [{ path, message: why, isKey: true, mayHeal: false }];
  }
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors ?? [], valueAt(data, path));
    if (branch) return branch.flatMap((inner) => flatten(inner, data, path));
  }
  const isMissing = valueAt(data, path) === undefined;
  return [{ path, message, isKey: false, mayHeal: isMissing || issue.code === 'custom' }];
}

/** The alternative of a union that the value was meant for: the one whose own type fits, so that only something inside it is wrong. */
function closestBranch(branches: readonly (readonly RawIssue[])[], value: unknown): readonly RawIssue[] | undefined {
  const fits = ({ code, path }: RawIssue): boolean =>
    (path?.length ?? 0) > 0 || code === 'unrecognized_keys' || (typeof value === 'string' && code === 'invalid_value');
  return branches.find((issues) => issues.every(fits));
}

function describe(issue: RawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      if (input === undefined) return `is missing (${typeName(issue.expected)})`;
      return `must be ${typeName(issue.expected)}, not ${show(input)}${quoteHint(issue.expected, input)}`;
    case 'unrecognized_keys': {
      const known = Object.keys(issue.inst?._zod.def.shape ?? {});
      return (issue.keys ?? []).map((key) => `unknown key "${key}"${suggestion(key, known)}`).join(SEPARATOR);
    }
    case 'invalid_value': {
      const values = (issue.values ?? []).map(String);
      if (input === undefined) return `is missing (${values.join(', ')})`;
      const meant = typeof input === 'string' ? nearest(input, values) : undefined;
      return `must be ${oneOf(values)}, not ${show(input)}${meant ? `; did you mean "${meant}"?` : ''}`;
    }
    case 'invalid_union': {
      if (input === undefined) return 'is missing';
      const expected = (issue.errors ?? []).flatMap((branch) => branch.map((inner) => inner.expected ?? '')).filter(Boolean);
      return expected.length > 0 ? `must be ${oneOf([...new Set(expected.map(typeName))])}, not ${show(input)}` : undefined;
    }
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int' ? `must be ${issue.minimum} or more` : 'must not be empty';
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int' ? `must be ${issue.maximum} or less` : 'is too long';
    case 'invalid_format':
      return issue.pattern === undefined ? undefined : `must match ${issue.pattern}`;
    default:
      return undefined;
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

const typeName = (expected: string | undefined): string => TYPES[expected ?? ''] ?? expected ?? 'something else';

const oneOf = (values: readonly string[]): string =>
  values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;

/** What was found, without repeating long text: it may be something that does not belong on a screen. */
function show(input: unknown): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (input instanceof Secret) return 'a secret';
  if (typeof input === 'object') return 'a map';
  if (typeof input !== 'string') return `the ${typeof input} ${input}`;
  return input.length <= 40 ? `"${input}"` : 'this text';
}

function quoteHint(expected: string | undefined, input: unknown): string {
  if (input instanceof Secret) return '; this variable cannot be one';
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) return '; put it in quotes';
  const isNumeric = typeof input === 'string' && /^\d+$/.test(input);
  return isNumeric && (expected === 'number' || expected === 'int') ? '; write it without quotes' : '';
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | null | undefined)?.[key], data);
}
