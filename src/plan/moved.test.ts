import { describe, expect, it } from 'vitest';
import type { LoadedCluster } from '#src/cluster/loaded.ts';
import { buildGraph } from '#src/engine/graph.ts';
import { planOf } from '#src/engine/plan.ts';
import type { Facts } from '#src/facts/facts.ts';
import { file } from '#src/resource/file.ts';
import type { Change } from '#src/resource/kind.ts';
import { debian } from '#src/resource/test-facts.ts';
import { step } from '#src/role/step.ts';
import { Secret } from '#src/secrets/secret.ts';
import { PlanDocumentSchema } from './document.ts';
import { planDocument } from './make.ts';
import { whatMoved } from './moved.ts';

const TOKEN = 'hunter2-and-more';
const update: Change = { action: 'update', fields: [{ field: 'content' }] };

interface Now {
  content?: string;
  observed?: string;
  change?: Change | undefined;
  facts?: Partial<Facts>;
  reached?: boolean;
  secrets?: Record<string, string>;
  files?: Record<string, string>;
  inventory?: string;
  version?: string;
  hosts?: string[];
  names?: string[];
}

/** A plan of one file with a secret on n1. */
function document(now: Now = {}) {
  const { content = 'a', observed = 'old', facts = {}, reached = true, hosts = ['n1'], names = ['x'] } = now;
  const token = new Secret(TOKEN, 'k3s.token');
  const graph = buildGraph([
    {
      host: 'n1',
      role: 'os',
      list: names.map((name) => step(file({ path: `/etc/${name}`, content: [content, token], mode: 0o600 }), { name })),
    },
  ]);
  const change = 'change' in now ? now.change : { ...update, note: `with ${TOKEN}` };
  return planDocument({
    cluster: {
      name: 'home',
      release: 'v1.9',
      digest: now.inventory ?? '0'.repeat(64),
      fileDigests: new Map(Object.entries(now.files ?? { 'hosts.yaml': '1'.repeat(64) })),
      secrets: Object.entries(now.secrets ?? { 'k3s.token': TOKEN }).map(([label, value]) => new Secret(value, label)),
    } as Pick<LoadedCluster, 'name' | 'release' | 'digest' | 'fileDigests' | 'secrets'>,
    plan: planOf([...graph.steps.values()].map((one) => ({ step: one, change, observed: { type: 'file', sha256: observed } }))),
    chosen: hosts,
    facts: new Map(reached ? [['n1', { ...debian, ...facts }]] : []),
    selection: { roles: [], steps: [], tags: [] },
    set: [],
    version: now.version ?? '0.1.0',
    now: new Date('2026-11-21T12:00:00Z'),
  });
}

const moved = (now: Now, then: Now = {}): string[] => whatMoved(document(then), document(now));
const digestOf = (now: Now = {}) => document(now).steps[0]?.desired;

describe('a kept plan', () => {
  it('is what its schema says, and the same again when nothing has moved', () => {
    const made = document();
    expect(PlanDocumentSchema.parse(JSON.parse(JSON.stringify(made)))).toEqual(made);
    expect(moved({})).toEqual([]);
  });

  it('holds no secret, and no digest that could be tried out without all of them', () => {
    const text = JSON.stringify(document());
    expect(text).not.toContain(TOKEN);
    expect(text).toContain('with ***');
    expect(digestOf()).not.toBe(digestOf({ secrets: { 'k3s.token': TOKEN, 'git.token': 'another' } }));
  });
});

describe('whatMoved', () => {
  it.each<[string, Now, string[]]>([
    ['the tool', { version: '0.2.0' }, ['picluster: 0.1.0 -> 0.2.0']],
    [
      'files of the inventory',
      { files: { 'hosts.yaml': '2'.repeat(64), 'group_vars/all.yaml': '3'.repeat(64) }, inventory: '4'.repeat(64) },
      ['inventory: hosts.yaml has changed', 'inventory: group_vars/all.yaml is new'],
    ],
    ['other settings', { inventory: '4'.repeat(64) }, ['inventory: other values of --set']],
    ['a secret', { secrets: { 'k3s.token': 'another value' } }, ['secrets: a value has changed']],
    ['the names of secrets', { secrets: { 'git.token': TOKEN } }, ['secrets: git.token is new', 'secrets: k3s.token is gone']],
    [
      'a fact',
      { facts: { k3s: { version: 'v1.34.4+k3s1', etcd: false, serverCa: undefined } } },
      ['n1: fact k3s.version: (none) -> v1.34.4+k3s1'],
    ],
    ['what passes', { facts: { bootId: 'b2', freeBytes: { root: 1, var: 1 } } }, []],
    [
      'what is asked for',
      { content: 'b' },
      ['n1: os/x@n1: is asked for otherwise: update (content), with ***; now: update (content), with ***'],
    ],
    [
      'what is there',
      { observed: 'new' },
      ['n1: os/x@n1: what is there has changed: update (content), with ***; now: update (content), with ***'],
    ],
    ['nothing left to do', { change: undefined, observed: 'a' }, []],
    ['a host that is lost now', { reached: false }, []],
    ['a host that is gone', { hosts: [] }, ['n1: is not in the inventory any more']],
    ['a step that is gone', { names: [] }, ['n1: os/x@n1: is not asked for any more']],
    ['a step that is new', { names: ['x', 'y'] }, ['n1: os/y@n1: is new: update (content), with ***']],
  ])('%s', (_, now, expected) => {
    expect(moved(now)).toEqual(expected);
  });

  it('names what was right and is not any more', () => {
    expect(moved({ change: update }, { change: undefined })).toEqual([
      'n1: os/x@n1: was right when the plan was made; now: update (content)',
    ]);
  });

  it('does not ask of a host that was not reached then', () => {
    expect(moved({ hosts: [] }, { reached: false, names: [] })).toContainEqual('n1: os/x@n1: is new: update (content), with ***');
    expect(moved({ hosts: [], names: [] }, { reached: false, names: [] })).toEqual([]);
  });
});
