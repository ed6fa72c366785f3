import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Facts } from '#src/facts/facts.ts';
import { defineKind } from '#src/resource/kind.ts';
import { defineAction } from '#src/role/action.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';
import type { CheckResult } from './check-actions.ts';
import { buildGraph } from './graph.ts';
import { isResourceStep } from './observe.ts';
import { makePlan } from './plan.ts';
import { nextStretch, untilDisturbed } from './stretch.ts';

const make = (
  name: string,
  options: { disturbs?: boolean; isSensitive?: boolean; restarts?: boolean; isBrought?: boolean; brings?: boolean } = {},
) =>
  defineKind({
    name,
    schema: z.strictObject({ id: z.string(), want: z.string().default('on'), inputs: z.string().optional() }),
    disturbs: options.disturbs ?? false,
    isSensitive: options.isSensitive ?? false,
    comesWithOthers: options.isBrought ?? false,
    bringsOthers: options.brings ?? false,
    id: (spec) => spec.id,
    probe: () => sh`true`,
    parse: ([state = '']) => state,
    diff: (spec, state) =>
      state === spec.want
        ? undefined
        : { action: options.isBrought ? 'create' : 'update', fields: [{ field: 'state', before: state, after: spec.want }] },
    apply: () => ({ script: sh`true` }),
    fingerprint: (spec) => spec.want,
    ...(options.restarts ? { restart: () => ({ action: 'restart' as const, fields: [] }) } : {}),
  });
const file = make('file');
const pack = make('package', { disturbs: true, brings: true });
const check = make('check', { isSensitive: true });
const service = make('service', { disturbs: true, isSensitive: true, restarts: true });
const brought = make('brought', { isBrought: true });
const wait = (name: string, options: Omit<StepDraft, 'work'> = {}): StepDraft =>
  step(
    defineAction({ name, title: name, planned: { action: 'run', fields: [] }, check: async () => 'done', run: async () => {} }),
    options,
  );

const facts = {} as Facts;
const graphOf = (...list: StepDraft[]) => buildGraph([{ host: 'n1', role: 'r', list }]);
const plan = (list: StepDraft[], states: Record<string, string>, checks: Record<string, CheckResult> = {}) =>
  makePlan(graphOf(...list), new Map(Object.entries(states)), new Map(Object.entries(checks)), () => facts).changes.map(
    ({ step: { name }, change }) => `${name}: ${change.action}`,
  );

describe('makePlan', () => {
  const config = step(file({ id: 'conf' }));
  const daemon = step(service({ id: 'd' }), { restartOn: [config] });

  it('is empty when all is as it should be', () => {
    expect(
      plan([config, daemon, wait('ready')], { 'r/file:conf@n1': 'on', 'r/service:d@n1': 'on' }, { 'r/ready@n1': 'done' }),
    ).toEqual([]);
  });

  it('plans the restart that a changed input asks for, and the wait behind it', () => {
    expect(
      plan([config, daemon, wait('ready')], { 'r/file:conf@n1': 'off', 'r/service:d@n1': 'on' }, { 'r/ready@n1': 'done' }),
    ).toEqual(['file:conf: update', 'service:d: restart', 'ready: run']);
  });

  it('plans an action whose subject is not there yet', () => {
    expect(plan([wait('ready'), wait('joined')], {}, { 'r/ready@n1': 'later', 'r/joined@n1': 'later' })).toEqual([
      'ready: run',
      'joined: run',
    ]);
  });

  it('says of what may be right by then what it depends on, and of the rest nothing: that is certain', () => {
    const dir = brought({ id: 'dir' });
    const list = [
      step(pack({ id: 'p' })),
      step(dir),
      config,
      daemon,
      step(service({ id: 'other' })),
      step(check({ id: 'c' })),
      step(file({ id: 'last' })),
      wait('ready'),
    ];
    const graph = graphOf(...list);
    const checks = new Map<string, CheckResult>([['r/ready@n1', 'later']]);
    const off = new Map([...graph.steps.keys()].map((ref) => [ref, 'off']));
    const { changes } = makePlan(graph, off, checks, () => facts);
    expect(changes.map(({ step: { name }, change }) => [name, change.knownAfter?.replace(/^r\/|@n1$/g, '')])).toEqual([
      ['package:p', undefined],
      ['brought:dir', 'package:p'],
      ['file:conf', undefined],
      ['service:d', undefined],
      ['service:other', 'service:d'],
      ['check:c', 'service:other'],
      ['file:last', undefined],
      ['ready', 'file:last'],
    ]);
  });

  it('marks what the role says is lost', () => {
    const [planned] = makePlan(
      graphOf(step(file({ id: 'a' }), { destructive: 'downgrades it' })),
      new Map([['r/file:a@n1', 'off']]),
      new Map(),
      () => facts,
    ).changes;
    expect(planned?.change.destructive).toBe('downgrades it');
  });

  it('does not plan a wait for the change of a mere file', () => {
    expect(plan([config, wait('ready')], { 'r/file:conf@n1': 'off' }, { 'r/ready@n1': 'done' })).toEqual(['file:conf: update']);
  });
});

describe('a stretch', () => {
  const names = (steps: readonly { name: string }[]): string[] => steps.map(({ name }) => name);
  const steps = (...list: StepDraft[]) => [...(graphOf(...list).byHost.get('n1') ?? [])];

  it('ends before an action, and before a step that waits for another host', () => {
    expect(names(nextStretch(steps(step(file({ id: 'a' })), wait('w'), step(file({ id: 'b' }))), () => false))).toEqual([
      'file:a',
    ]);
    expect(
      names(nextStretch(steps(step(file({ id: 'a' })), step(file({ id: 'b' }), { after: ['r/x@n2'] })), () => false)),
    ).toEqual(['file:a']);
    expect(
      names(
        nextStretch(steps(step(file({ id: 'a' })), step(file({ id: 'b' }), { after: ['r/x@n2'] })), (ref) => ref === 'r/x@n2'),
      ),
    ).toEqual(['file:a', 'file:b']);
  });

  it('keeps a step of a pool alone', () => {
    expect(names(nextStretch(steps(step(file({ id: 'a' })), step(service({ id: 's' }), { pool: 'p' })), () => false))).toEqual([
      'file:a',
    ]);
    expect(names(nextStretch(steps(step(service({ id: 's' }), { pool: 'p' }), step(file({ id: 'a' }))), () => false))).toEqual([
      'service:s',
    ]);
  });

  it('is cut after the first changed step that disturbs', () => {
    const stretch = steps(
      step(pack({ id: 'same' })),
      step(file({ id: 'a' })),
      step(pack({ id: 'new' })),
      step(file({ id: 'b' })),
    ).filter(isResourceStep);
    expect(names(untilDisturbed(stretch, ({ name }) => name !== 'package:same'))).toEqual([
      'package:same',
      'file:a',
      'package:new',
    ]);
  });

  it('is cut before a step that looks at what others do, once one of them changed', () => {
    const stretch = steps(step(check({ id: 'early' })), step(file({ id: 'a' })), step(check({ id: 'late' }))).filter(
      isResourceStep,
    );
    expect(names(untilDisturbed(stretch, () => false))).toEqual(['check:early', 'file:a', 'check:late']);
    expect(names(untilDisturbed(stretch, ({ name }) => name === 'file:a'))).toEqual(['check:early', 'file:a']);
  });
});
