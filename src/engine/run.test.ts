import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Host } from '#src/cluster/cluster.ts';
import { EXIT, HostLostError } from '#src/errors.ts';
import { hookFrom } from '#src/hooks/hook.ts';
import { HostHooks } from '#src/hooks/host-hooks.ts';
import { runHook } from '#src/hooks/run-hook.ts';
import { command } from '#src/resource/command.ts';
import { directory } from '#src/resource/directory.ts';
import { download } from '#src/resource/download.ts';
import { file } from '#src/resource/file.ts';
import { defineAction } from '#src/role/action.ts';
import type { RoleInput } from '#src/role/role.ts';
import { type StepList, step, stepRef } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';
import { localConnection } from '#src/transport/local.ts';
import type { RunOptions } from './run-options.ts';
import { clusterOf, type TestRun, testRun } from './testing/run.ts';

/** The whole engine over real shells on this machine; each "host" has a directory of its own. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'picluster-run-'));
  // What a node would remember under /var/lib stays in the test's own directory.
  vi.stubEnv('known_sums_file', join(root, 'sums'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const owned = { owner: String(process.getuid?.()), group: String(process.getgid?.()) };
const at = (host: Host, name: string): string => join(root, host.name, name);

const go = (
  names: readonly string[],
  steps: (input: RoleInput<unknown>) => StepList,
  overrides: Partial<RunOptions> = {},
): Promise<TestRun> => testRun(root, names, steps, overrides);

const requestsOf = ({ events }: TestRun): number[] =>
  events.flatMap((event) => (event.type === 'host.end' ? [event.traffic.requests] : []));
const endsOf = ({ events }: TestRun): Record<string, string> =>
  Object.fromEntries(
    events.flatMap((event) => (event.type === 'step.end' ? [[event.step.replace(`${root}/`, ''), event.status]] : [])),
  );

const plain = ({ host }: RoleInput<unknown>): StepList => [
  step(directory({ path: at(host, ''), ...owned })),
  step(file({ path: at(host, 'a'), content: 'one\n', ...owned })),
  step(file({ path: at(host, 'b'), content: 'two\n', mode: 0o600, ...owned })),
];

describe('a run', () => {
  it('does exactly what it planned, and then has nothing to do in one request', async () => {
    const first = await go(['n1', 'n2'], plain);
    expect(first.result).toMatchObject({ changed: 6, failed: 0, notReached: 0, exitCode: EXIT.done });
    expect(Object.keys(endsOf(first))).toHaveLength(first.plan.length);
    expect(readFileSync(join(root, 'n2', 'b'), 'utf8')).toBe('two\n');
    const second = await go(['n1', 'n2'], plain);
    expect(second.plan).toEqual([]);
    expect(requestsOf(second)).toEqual([1, 1]);
  });

  it.each<[string, (kept: { facts: { os: { id: string } }; fingerprint: string }) => unknown]>([
    ['the host is no longer what it was', (kept) => ({ ...kept, fingerprint: 'another machine' })],
    ['roles ask otherwise by what it was', (kept) => ({ ...kept, facts: { ...kept.facts, hostname: 'formerly' } })],
    ['what was kept makes a role fail', (kept) => ({ ...kept, facts: {} })],
    ['nothing was kept', () => undefined],
  ])('believes no foreseen answer when %s', async (_, spoil) => {
    const steps = ({ host, facts }: RoleInput<unknown>): StepList => [
      ...plain({ host } as RoleInput<unknown>),
      step(file({ path: at(host, facts.hostname.toLowerCase()), content: 'one\n', ...owned })),
    ];
    await go(['n1'], steps);
    const kept = join(root, 'facts', 'n1.json');
    writeFileSync(kept, JSON.stringify(spoil(JSON.parse(readFileSync(kept, 'utf8')))) ?? '');
    rmSync(at({ name: 'n1' } as Host, 'b'));
    const second = await go(['n1'], steps);
    expect(second.plan).toEqual([`r/file:${join(root, 'n1', 'b')}@n1`]);
    expect(second.result?.changed).toBe(1);
    const third = await go(['n1'], steps);
    expect(third.plan).toEqual([]);
    expect(requestsOf(third)).toEqual([1]);
  });

  it('lets a host go that needs nothing, and wakes it when another asks something of it', async () => {
    await go(['n1', 'n2'], plain);
    const log: string[] = [];
    const connect: RunOptions['connect'] = async ({ name }) => {
      const connection = localConnection({ host: name });
      log.push(`open ${name}`);
      const closeIt = connection.close.bind(connection);
      const close = async (): Promise<void> => {
        log.push(`close ${name}`);
        await closeIt();
      };
      return Object.assign(connection, { close });
    };
    const ask = defineAction({
      name: 'ask',
      title: 'ask the neighbour',
      planned: { action: 'run', fields: [] },
      check: async () => (existsSync(join(root, 'asked')) ? 'done' : { action: 'run', fields: [] }),
      run: async ({ shell }) => {
        log.push('ask');
        const reply = await (await shell('n2')).run({ script: sh`echo hello`, timeoutMs: 10_000 });
        writeFileSync(join(root, 'asked'), reply.stdout);
      },
    });
    const { result } = await go(
      ['n1', 'n2'],
      ({ host }) => (host.name === 'n1' ? [step(ask)] : plain({ host } as RoleInput<unknown>)),
      {
        connect,
      },
    );
    expect(result).toMatchObject({ changed: 1, failed: 0 });
    expect(readFileSync(join(root, 'asked'), 'utf8')).toBe('hello\n');
    expect(log.filter((line) => line !== 'open n1' && line !== 'close n1')).toEqual([
      'open n2',
      'close n2',
      'ask',
      'open n2',
      'close n2',
    ]);
  });

  it('shows the difference of a changed file, and changes that one only', async () => {
    await go(['n1'], plain);
    writeFileSync(join(root, 'n1', 'a'), 'something else\n');
    const { events, result } = await go(['n1'], plain);
    const planned = events.filter((event) => event.type === 'step.planned');
    expect(planned).toHaveLength(1);
    expect(planned[0]?.change.diff).toContain('-something else\n+one');
    expect(result?.changed).toBe(1);
  });

  it('stops what depends on a failed step, here and on other hosts, and lets the others finish', async () => {
    const outcome = await go(['n1', 'n2', 'n3'], ({ host }) => {
      const broken = step(command({ title: 'break', run: sh`echo no such thing >&2; exit 3`, creates: at(host, 'never') }), {
        name: 'break',
      });
      if (host.name === 'n1')
        return [
          ...plain({ host } as RoleInput<unknown>),
          broken,
          step(file({ path: at(host, 'after'), content: '', ...owned }), { name: 'after' }),
        ];
      if (host.name === 'n2')
        return [step(directory({ path: at(host, ''), ...owned }), { name: 'waits', after: [stepRef('r', 'after', 'n1')] })];
      return plain({ host } as RoleInput<unknown>);
    });
    expect(outcome.result).toMatchObject({ failed: 1, notReached: 2, exitCode: EXIT.stepFailed });
    expect(endsOf(outcome)).toMatchObject({ 'r/break@n1': 'failed', 'r/after@n1': 'not-reached', 'r/waits@n2': 'not-reached' });
    const failure = outcome.events.find((event) => event.type === 'step.end' && event.status === 'failed');
    expect(failure).toMatchObject({ error: { host: 'n1', step: 'r/break@n1', output: 'no such thing' } });
  });

  it('does not believe a step that ran and changed nothing', async () => {
    const outcome = await go(['n1'], ({ host }) => [
      step(command({ title: 'lie', run: sh`true`, creates: at(host, 'never') }), { name: 'lie' }),
    ]);
    expect(outcome.result?.exitCode).toBe(EXIT.verifyFailed);
  });

  it('names a host that cannot be reached, finishes the others, and ends with 69', async () => {
    const outcome = await go(['n1', 'n2'], plain, {
      connect: async ({ name }) => {
        if (name === 'n1') throw new HostLostError('no route to host', { host: name });
        return localConnection({ host: name });
      },
    });
    expect(outcome.result).toMatchObject({ changed: 3, exitCode: EXIT.hostLost });
    expect(outcome.events).toContainEqual(expect.objectContaining({ type: 'host.lost', host: 'n1' }));
  });

  it('runs an action only if its check is not done, and looks again afterwards', async () => {
    const seen: string[] = [];
    const action = (isDone: boolean) => {
      let hasRun = isDone;
      return defineAction({
        name: 'act',
        title: 'act',
        planned: { action: 'run', fields: [] },
        check: async () => (hasRun ? 'done' : 'later'),
        run: async () => {
          seen.push('run');
          hasRun = true;
        },
      });
    };
    const undone = action(false);
    const first = await go(['n1'], () => [step(undone)]);
    expect([first.plan, first.result?.changed, seen]).toEqual([['r/act@n1'], 1, ['run']]);
    const second = await go(['n1'], () => [step(action(true))]);
    expect([second.plan, seen]).toEqual([[], ['run']]);
  });

  it('lets the running step end while draining, begins nothing new, and says what was not reached', async () => {
    const drain = new AbortController();
    const slow = ({ host }: RoleInput<unknown>, name: string) =>
      step(
        command({ title: name, run: sh`mkdir -p ${at(host, '')}; sleep 0.5; touch ${at(host, name)}`, creates: at(host, name) }),
        { name },
      );
    const outcome = await go(['n1'], (input) => [slow(input, 'first'), slow(input, 'second'), slow(input, 'third')], {
      draining: drain.signal,
      emit: (event) => {
        if (event.type === 'step.start') drain.abort();
      },
    });
    expect(outcome.result).toMatchObject({ changed: 1, notReached: 2, exitCode: EXIT.interrupted });
    expect(existsSync(join(root, 'n1', 'first'))).toBe(true);
    expect(existsSync(join(root, 'n1', 'third'))).toBe(false);
  });

  it('looks again at what it planned a while ago, and leaves alone what has come true since', async () => {
    await go(['n1'], plain);
    writeFileSync(join(root, 'n1', 'a'), 'something else\n');
    writeFileSync(join(root, 'n1', 'b'), 'something else\n');
    const now = performance.now.bind(performance);
    const outcome = await testRun(root, ['n1'], plain, {}, () => {
      writeFileSync(join(root, 'n1', 'a'), 'one\n');
      vi.spyOn(performance, 'now').mockImplementation(() => now() + 3_600_000);
    });
    vi.restoreAllMocks();
    expect(outcome.plan).toHaveLength(2);
    expect(outcome.result).toMatchObject({ changed: 1, failed: 0 });
  });

  it('waits no longer for anything while draining: for another host, for what only waits, for a lock', async () => {
    const drain = new AbortController();
    const waiting = defineAction({
      name: 'wait',
      title: 'wait until the moon is full',
      isWait: true,
      planned: { action: 'run', fields: [] },
      check: async () => 'later',
      run: ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const done = new Set<string>();
    const outcome = await go(
      ['n1', 'n2', 'n3'],
      ({ host }) => {
        if (host.name === 'n1') return [step(waiting), step(directory({ path: at(host, ''), ...owned }), { name: 'after' })];
        if (host.name === 'n2')
          return [step(directory({ path: at(host, ''), ...owned }), { after: [stepRef('r', 'after', 'n1')] })];
        const run = sh`echo 'waiting: it is locked by apt (pid 7)'; sleep 60`;
        return [step(command({ title: 'locked', run, creates: at(host, 'never') }), { name: 'locked' })];
      },
      {
        draining: drain.signal,
        emit: (event) => {
          if (event.type === 'step.start' && event.host === 'n1') done.add('n1');
          if (event.type === 'host.waiting' || event.type === 'step.output') done.add(event.host);
          if (done.size === 3) drain.abort();
        },
      },
    );
    expect(outcome.result).toMatchObject({ changed: 0, failed: 0, notReached: 4, exitCode: EXIT.interrupted });
    const reasons = outcome.events.flatMap((event) => (event.type === 'step.end' ? [`${event.host}: ${event.reason}`] : []));
    expect(reasons.sort()).toEqual([
      'n1: interrupted while waiting until the moon is full',
      'n1: the run was interrupted',
      'n2: interrupted while waiting for r/after@n1',
      'n3: interrupted while waiting: it is locked by apt (pid 7)',
    ]);
  });

  it('pushes an artifact from here when the node has no way out, and goes on behind it', async () => {
    const artifact = join(root, 'artifact');
    writeFileSync(artifact, 'hello');
    const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    const source = { urls: ['http://127.0.0.1:9/hello'], sha256, name: 'hello' };
    const outcome = await go(
      ['n1'],
      (input) => [
        ...plain(input),
        step(download({ path: at(input.host, 'hello'), source, ...owned })),
        step(file({ path: at(input.host, 'z'), content: 'z', ...owned })),
      ],
      { fetchArtifact: async () => artifact },
    );
    expect(outcome.result).toMatchObject({ changed: 5, failed: 0, exitCode: EXIT.done });
    expect(readFileSync(join(root, 'n1', 'hello'), 'utf8')).toBe('hello');
    expect(outcome.events).toContainEqual(
      expect.objectContaining({ type: 'fact', text: expect.stringContaining('pushing hello from here') }),
    );
  });

  describe('with hooks', () => {
    const base = { run: 'r', command: 'apply', cluster: 'c', release: 'x' };
    const withHooks = (settings: { before?: string; after?: string; run: string }[]): Partial<RunOptions> => {
      const hooks = settings.map((setting) =>
        hookFrom({ on: 'control', timeout: 20, failure: 'stop', ...setting }, { hostsOf: () => [], isCommand: () => false }),
      );
      const options = { directory: root, base, signal: new AbortController().signal, emit: () => {} };
      return {
        hooks: ({ shell }, host) => new HostHooks(hooks, host, (hook, subject) => runHook(hook, subject, { ...options, shell })),
      };
    };
    const log = () => readFileSync(join(root, 'log'), 'utf8').trim().split('\n');

    it('run around what changes, each change between them, and not around what does not', async () => {
      const hooks = withHooks([
        { before: 'r', run: `test ! -e ${root}/n1 && echo before role >> log` },
        { before: 'r/file:*b', run: `test -e ${root}/n1/a && ! test -e ${root}/n1/b && echo before b >> log` },
        { after: 'r', run: 'echo after role >> log' },
      ]);
      const first = await go(['n1'], plain, hooks);
      expect(first.result).toMatchObject({ changed: 3, exitCode: EXIT.done });
      expect(log()).toEqual(['before role', 'before b', 'after role']);
      await go(['n1'], plain, hooks);
      expect(log()).toHaveLength(3);
    });

    it('run around the upgrade of a node, told from which version to which', async () => {
      const upgrade = { of: 'k3s', from: 'v1', to: 'v2' };
      const steps = ({ host }: RoleInput<unknown>): StepList => [
        step(directory({ path: at(host, ''), ...owned })),
        step(file({ path: at(host, 'binary'), content: 'v2', ...owned }), { upgrade }),
        step(file({ path: at(host, 'z'), content: 'z', ...owned })),
      ];
      const hooks = withHooks([
        { before: 'upgrade', run: `test ! -e ${root}/n1/binary && cat >> log` },
        { after: 'upgrade', run: `test -e ${root}/n1/z && cat >> log` },
      ]);
      const { result } = await go(['n1'], steps, hooks);
      expect(result).toMatchObject({ changed: 3, exitCode: EXIT.done });
      const told = { ...base, v: 1, host: 'n1', role: 'r', step: `r/file:${root}/n1/binary@n1`, upgrade };
      const said = [
        { ...told, hook: 'before upgrade' },
        { ...told, hook: 'after upgrade', status: 'changed' },
      ];
      expect(log().map((line) => JSON.parse(line))).toEqual(said);
      await go(['n1'], steps, hooks);
      expect(log()).toHaveLength(2);
    });

    it('that fail before a step stop the host there; the others finish', async () => {
      const hooks = withHooks([{ before: 'r/file:*n1/a', run: 'exit 1' }]);
      const outcome = await go(['n1', 'n2'], plain, hooks);
      expect(endsOf(outcome)).toMatchObject({
        'r/file:n1/a@n1': 'failed',
        'r/file:n1/b@n1': 'not-reached',
        'r/file:n2/b@n2': 'changed',
      });
      expect(outcome.result?.exitCode).toBe(EXIT.stepFailed);
    });

    it('that fail after a step leave the rest of the host unreached', async () => {
      const outcome = await go(['n1'], plain, withHooks([{ after: 'r/file:*n1/a', run: 'exit 1' }]));
      expect(endsOf(outcome)).toMatchObject({
        'r/file:n1/a@n1': 'changed',
        'hook@n1': 'failed',
        'r/file:n1/b@n1': 'not-reached',
      });
      expect(outcome.result?.exitCode).toBe(EXIT.stepFailed);
    });
  });

  it('does chosen steps only', async () => {
    await go(['n1'], plain);
    writeFileSync(join(root, 'n1', 'a'), 'something else\n');
    writeFileSync(join(root, 'n1', 'b'), 'something else\n');
    const outcome = await go(['n1'], plain, { selection: { roles: [], steps: ['file:*/a'], tags: [] } });
    expect([outcome.plan.length, outcome.result?.changed]).toEqual([1, 1]);
    expect(readFileSync(join(root, 'n1', 'b'), 'utf8')).toBe('something else\n');
  });

  it('refuses chosen steps that wait for others which are not done, naming all of them', async () => {
    const selection = { roles: [], steps: ['file:*/b'], tags: [] };
    await expect(go(['n1'], plain, { selection })).rejects.toMatchObject({
      exitCode: EXIT.refused,
      findings: [expect.stringContaining('r/directory:'), expect.stringContaining('r/file:')],
    });
    expect(existsSync(join(root, 'n1'))).toBe(false);
  });

  it('checks what a host that was not chosen has to have done, and runs nothing there', async () => {
    const [n1, n2] = clusterOf(['n1', 'n2']).hosts;
    const list = ({ host }: RoleInput<unknown>): StepList => {
      const work = file({ path: at(host, 'a'), content: 'x', ...owned });
      const dir = step(directory({ path: at(host, ''), ...owned }));
      if (host.name === 'n1') return [dir, step(work, { name: 'first' })];
      return [dir, step(work, { name: 'second', after: [stepRef('r', 'first', 'n1')] })];
    };
    const onlyN2 = n1 && n2 ? { chosen: [n2], initServer: n1 } : {};
    await expect(go(['n1', 'n2'], list, onlyN2)).rejects.toMatchObject({
      exitCode: EXIT.refused,
      findings: ['r/second@n2 needs r/first@n1, which is not done'],
    });
    expect(existsSync(join(root, 'n1'))).toBe(false);
    mkdirSync(join(root, 'n1'));
    writeFileSync(join(root, 'n1', 'a'), 'x');
    expect((await go(['n1', 'n2'], list, onlyN2)).result).toMatchObject({ changed: 2, exitCode: EXIT.done });
  });

  it('held to a plan, it fails what the plan did not foresee, and what depends on it', async () => {
    const list = ({ host }: RoleInput<unknown>): StepList => [
      step(directory({ path: at(host, ''), ...owned })),
      step(
        command({ title: 'spoil', run: sh`touch ${at(host, 'spoilt')}; echo x >${at(host, 'a')}`, creates: at(host, 'spoilt') }),
      ),
      step(file({ path: at(host, 'a'), content: 'one\n', ...owned }), { name: 'a' }),
      step(file({ path: at(host, 'c'), content: 'three\n', ...owned }), { name: 'c' }),
    ];
    await go(['n1'], list);
    rmSync(join(root, 'n1', 'spoilt'));
    const outcome = await go(['n1'], list, { isPlanBinding: true });
    expect(outcome.result).toMatchObject({ changed: 1, failed: 1, notReached: 1, exitCode: EXIT.stepFailed });
    expect(outcome.events).toContainEqual(
      expect.objectContaining({
        type: 'step.end',
        step: 'r/a@n1',
        status: 'failed',
        error: expect.objectContaining({ message: expect.stringContaining('the plan does not say so') }),
      }),
    );
    expect(readFileSync(join(root, 'n1', 'a'), 'utf8')).toBe('x\n');
  });
});
