import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse, type ScalarTag } from 'yaml';
import { z } from 'zod';
import { parseRecords } from '#src/engine/observe.ts';
import { streamScript } from '#src/engine/stream.ts';
import { rawScript } from '#src/shell/script.ts';
import * as kinds from './index.ts';
import type { Kind, Resource } from './kind.ts';
import { debian } from './test-facts.ts';
import { Sandbox, SHELLS } from './test-sandbox.ts';

/**
 * Every kind under every shell that nodes have, for real, on a throw-away copy of this machine: what `spec` asks for is probed, applied, and
 * probed again, when nothing may be left to do. `setup` and `check` are read by a shell that is not the one under test.
 */
interface Turn {
  name: string;
  setup?: string;
  spec: unknown;
  /** The change's action; `none`: there is nothing to do. */
  action: string;
  /** Parts of what the change says is lost, and of its note. */
  destructive?: string;
  note?: string;
  /** The apply has to fail, and say this. */
  refused?: string;
  check?: string;
  says?: string;
}

interface Entry {
  /** What the kind calls on a node beside the applets of busybox. */
  programs?: string[];
  turns?: Turn[];
  /** Another test that runs this kind under all shells, because it needs a machine that was booted. */
  tried?: { in: string; as: string };
}

const customTags: ScalarTag[] = [{ tag: '!sh', resolve: (value) => rawScript(value) }];
const matrix: Record<string, Entry> = parse(readFileSync(new URL('matrix.yaml', import.meta.url), 'utf8'), { customTags });
const constructors = Object.values(kinds) as unknown as (((spec: unknown) => Resource) & { kind: Kind<unknown, unknown> })[];

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

it('has every kind that is defined', () => {
  const directory = import.meta.dirname;
  const texts = globSync('*.ts', { cwd: directory }).map((name) => readFileSync(join(directory, name), 'utf8'));
  const defined = texts.flatMap((text) => [...text.matchAll(/ = defineKind\(\{\n {2}name: '([^']+)'/g)].map(([, name]) => name));
  expect(Object.keys(matrix).sort()).toEqual(defined.sort());
  expect(constructors.map(({ kind }) => kind.name).sort()).toEqual(defined.sort());
});

it.each(constructors.map(({ kind }) => [kind.name, kind] as const))(
  '%s: changes something, and takes it away again',
  (name, kind) => {
    const { tried, turns = [] } = matrix[name] ?? {};
    if (tried) {
      expect([tried.in, readFileSync(tried.in, 'utf8').includes(tried.as)]).toEqual([tried.in, true]);
      return;
    }
    expect(turns.filter(({ action, refused }) => action !== 'none' && !refused)).not.toEqual([]);
    if (!takesAbsent(kind)) return;
    expect(turns.filter(({ spec, refused }) => (spec as { state?: string }).state === 'absent' && !refused)).not.toEqual([]);
  },
);

function takesAbsent(kind: Kind<unknown, unknown>): boolean {
  const { properties } = z.toJSONSchema(kind.schema, { io: 'input', unrepresentable: 'any' });
  return JSON.stringify(properties?.state ?? {}).includes('absent');
}

describe.each(SHELLS)('%s', (shell) => {
  const entries = Object.entries(matrix).filter(([, { turns }]) => turns);
  describe.each(entries)('%s', (name, { programs, turns = [] }) => {
    const make = constructors.find(({ kind }) => kind.name === name) as (spec: unknown) => Resource;
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await Sandbox.open(programs);
    });
    afterAll(() => sandbox.close());

    async function observe({ kind, spec }: Resource): Promise<unknown> {
      const { stdout, stderr, code } = await sandbox.run(shell, kind.probe([spec, spec], debian));
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
      const records = parseRecords(stdout);
      expect(records).toHaveLength(2);
      expect(records[1]).toEqual(records[0]);
      return kind.parse(records[0] ?? []);
    }

    it.each(turns.map((turn) => [turn.name, turn] as const))('%s', async (_, turn) => {
      const resource = make(turn.spec);
      if (turn.setup) expect(await sandbox.run('dash', rawScript(`set -e\n${turn.setup}`))).toMatchObject({ code: 0 });
      const before = await observe(resource);
      const change = resource.kind.diff(resource.spec, before, debian);
      expect(change?.action ?? 'none').toBe(turn.action);
      if (turn.destructive !== undefined) expect(change?.destructive).toContain(turn.destructive);
      if (turn.note !== undefined) expect(change?.note).toContain(turn.note);
      if (turn.action !== 'none') {
        const { stdout } = await sandbox.run(shell, streamScript([resource.kind.apply(resource.spec, before, debian)], 'mark'));
        const code = Number(/mark end 0 (\d+)/.exec(stdout)?.[1]);
        if (turn.refused === undefined) expect(code, stdout).toBe(0);
        else expect([code !== 0, stdout]).toEqual([true, expect.stringContaining(turn.refused)]);
      }
      if (turn.refused === undefined) expect(resource.kind.diff(resource.spec, await observe(resource), debian)).toBeUndefined();
      if (turn.check) {
        const reply = await sandbox.run('dash', rawScript(turn.check));
        expect(`${reply.stdout}${reply.stderr}`.trim()).toBe((turn.says ?? '').trim());
      }
    });
  });
});
