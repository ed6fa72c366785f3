import { describe, expect, it } from 'vitest';
import type { Step } from '#src/engine/graph.ts';
import { hookFrom, isAtCommand, isAtRole, isAtStep } from './hook.ts';
import { HostHooks } from './host-hooks.ts';

const where = { hostsOf: () => ['n1'], isCommand: (name: string) => name === 'bootstrap' };
const setting = { run: 'true', on: 'control', timeout: 5, failure: 'stop' } as const;
const make = (extra: { before?: string; after?: string; hosts?: string }) => hookFrom({ ...setting, ...extra }, where);
const stepOf = (ref: string) => {
  const [role = '', name = '', host = ''] = ref.split(/[/@]/);
  return { ref, role, name, host } as Step;
};

describe('where a hook stands', () => {
  it.each([
    [{ before: 'bootstrap' }, 'a/x@n1', { command: true, role: false, step: false }],
    [{ before: 'a' }, 'a/x@n1', { command: false, role: true, step: false }],
    [{ before: 'a' }, 'b/x@n1', { command: false, role: false, step: false }],
    [{ before: 'a', hosts: 'n1' }, 'a/x@n2', { command: false, role: false, step: false }],
    [{ after: 'a/x' }, 'a/x@n1', { command: false, role: false, step: true }],
    [{ after: 'a*/x.*' }, 'a-b/x.y@n1', { command: false, role: false, step: true }],
    [{ after: 'a/x.' }, 'a/xy@n1', { command: false, role: false, step: false }],
    [{ after: '*/*', hosts: 'n1' }, 'a/x@n2', { command: false, role: false, step: false }],
  ])('%j and %s', (extra, ref, expected) => {
    const hook = make(extra);
    const step = stepOf(ref);
    expect({
      command: isAtCommand(hook, 'bootstrap'),
      role: isAtRole(hook, step.role, step.host),
      step: isAtStep(hook, step),
    }).toEqual(expected);
  });
});

describe('the hooks of a host', () => {
  const change = { action: 'update', fields: [] } as const;
  const [one, two, other] = [stepOf('a/one@n1'), stepOf('a/two@n1'), stepOf('b/x@n1')];
  function hooksOf(...settings: Parameters<typeof make>[0][]) {
    const ran: string[] = [];
    const hooks = new HostHooks(settings.map(make), 'n1', async ({ title }, { step, role, status }) => {
      ran.push([title, step ?? role, status].filter(Boolean).join(' '));
    });
    return { hooks, ran };
  }

  it('before a role runs once, when its first step changes', async () => {
    const { hooks, ran } = hooksOf({ before: 'a' });
    expect([hooks.isAround(one), hooks.isAround(other)]).toEqual([true, false]);
    await hooks.before(one, change);
    expect(hooks.isAround(two)).toBe(false);
    await hooks.before(two, change);
    expect(ran).toEqual(['before a a']);
  });

  it('after a role runs when its last step has ended, if something changed', async () => {
    const { hooks, ran } = hooksOf({ after: 'a' });
    await hooks.after([{ step: one, status: 'changed' }], [two, other]);
    expect(ran).toEqual([]);
    await hooks.after([{ step: two, status: 'unchanged' }], [other]);
    await hooks.after([{ step: other, status: 'changed' }], []);
    expect(ran).toEqual(['after a a']);
  });

  it('nothing changed: nothing runs', async () => {
    const { hooks, ran } = hooksOf({ after: 'a' }, { after: '*/*' });
    await hooks.after(
      [
        { step: one, status: 'unchanged' },
        { step: two, status: 'unchanged' },
      ],
      [],
    );
    expect(ran).toEqual([]);
  });

  const replaced = { ...stepOf('a/binary@n1'), upgrade: { of: 'k3s', from: 'v1', to: 'v2' } } as Step;

  it('around the upgrade of a node: before what begins it, after the role that does it', async () => {
    const { hooks, ran } = hooksOf({ before: 'upgrade' }, { after: 'upgrade' });
    expect([one, replaced].map((step) => hooks.isAround(step))).toEqual([false, true]);
    await hooks.before(replaced, change);
    await hooks.after([{ step: one, status: 'changed' }], [replaced, two]);
    await hooks.after([{ step: replaced, status: 'changed' }], [two, other]);
    expect(ran).toEqual(['before upgrade a/binary@n1']);
    await hooks.after([{ step: two, status: 'changed' }], [other]);
    await hooks.after([{ step: other, status: 'changed' }], []);
    expect(ran).toEqual(['before upgrade a/binary@n1', 'after upgrade a/binary@n1 changed']);
  });

  it.each([['failed'], ['not-reached']] as const)('an upgrade has failed when a later step of its role is %s', async (status) => {
    const { hooks, ran } = hooksOf({ after: 'upgrade' });
    await hooks.after([{ step: replaced, status: 'changed' }], [two]);
    await hooks.after([{ step: two, status }], []);
    expect(ran).toEqual(['after upgrade a/binary@n1 failed']);
  });

  it('an upgrade that was not begun, or is of another host, has no hooks', async () => {
    const { hooks, ran } = hooksOf({ after: 'upgrade' }, { before: 'upgrade', hosts: 'n2' });
    await hooks.after([{ step: replaced, status: 'unchanged' }], []);
    expect(ran).toEqual([]);
    expect(hooks.isAround({ ...replaced, host: 'n2' })).toBe(false);
  });

  it('around a step: before with its change, after with how it ended', async () => {
    const { hooks, ran } = hooksOf({ before: 'a/one' }, { after: 'a/*' });
    await hooks.before(one, change);
    await hooks.after([{ step: one, status: 'failed' }], [two]);
    expect(ran).toEqual(['before a/one a/one@n1', 'after a/* a/one@n1 failed']);
  });
});
