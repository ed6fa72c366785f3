import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import { Secret } from '#src/secrets/secret.ts';
import { rawScript } from '#src/shell/script.ts';
import { maskContent } from '#src/template/content.ts';
import * as kinds from './index.ts';
import type { Change, Resource } from './kind.ts';
import { alpine, debian } from './test-facts.ts';

/**
 * One case: what is wanted, what the node says (`record`) or what was made of that (`state`), and what follows. `change` is `none` or
 * an action with its fields as [before, after], null where there is nothing. `apply` says what its script, in which secrets are masked,
 * contains and lacks. `on` is the machine, Debian unless it says another. `refused` is what the schema says about a spec that is wrong.
 */
interface Case {
  name: string;
  on?: 'alpine';
  spec: unknown;
  record?: string[];
  state?: unknown;
  change?: 'none' | (Omit<Change, 'fields'> & { fields: Record<string, [string | null, string | null]> });
  apply?: { contains?: string[]; lacks?: string[]; stdin?: string; fallback?: string[] };
  /** What its watch says; null: nothing is watched. */
  watch?: { contains?: string[]; lacks?: string[] } | null;
  refused?: string;
}

const customTags: ScalarTag[] = [
  { tag: '!secret', resolve: (value) => new Secret(value) },
  { tag: '!sh', resolve: (value) => rawScript(value) },
];

const constructors = new Map<string, (spec: never) => Resource>(
  Object.values(kinds).map((make) => [make.kind.name, make as never]),
);

const files = globSync('*.cases.yaml', { cwd: import.meta.dirname });

it('has cases for every kind', () => {
  expect(files.map((file) => basename(file, '.cases.yaml')).sort()).toEqual([...constructors.keys()].sort());
});

describe.each(files.map((file) => [basename(file, '.cases.yaml'), file] as const))('%s', (name, file) => {
  const cases: Case[] = parse(readFileSync(new URL(file, import.meta.url), 'utf8'), { customTags });
  const make = constructors.get(name) as (spec: unknown) => Resource;

  it.each(cases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    if (one.refused !== undefined) {
      expect(() => make(one.spec)).toThrow(one.refused);
      return;
    }
    const facts = one.on === 'alpine' ? alpine : debian;
    const { kind, spec } = make(one.spec);
    const state = one.record ? kind.parse(one.record) : one.state;
    if (one.record && one.state !== undefined) expect(state).toEqual(one.state);
    if (one.change !== undefined) expect(kind.diff(spec, state, facts)).toEqual(expectedChange(one.change));
    if (one.apply) expectApply(one.apply, kind.apply(spec, state, facts));
    if (one.watch) expectParts(String(kind.watch?.(spec, facts)?.script), one.watch);
    if (one.watch === null) expect(kind.watch?.(spec, facts)).toBeUndefined();
    expect(kind.fingerprint(spec)).toBe(kind.fingerprint(make(one.spec).spec));
    expect(kind.id(spec)).not.toBe('');
  });
});

function expectedChange(change: NonNullable<Case['change']>): Change | undefined {
  if (change === 'none') return undefined;
  const fields = Object.entries(change.fields).map(([field, [before, after]]) => ({
    field,
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
  }));
  return { ...change, fields };
}

function expectApply(expected: NonNullable<Case['apply']>, apply: ReturnType<Resource['kind']['apply']>): void {
  expectParts(String(apply.script), expected);
  if (expected.stdin !== undefined) expect(maskContent(apply.stdin ?? '')).toBe(expected.stdin);
  if (expected.fallback) expect(apply.fallback?.uploads.map(({ path }) => path)).toEqual(expected.fallback);
}

function expectParts(script: string, { contains = [], lacks = [] }: { contains?: string[]; lacks?: string[] }): void {
  for (const part of contains) expect(script).toContain(part);
  for (const part of lacks) expect(script).not.toContain(part);
}
