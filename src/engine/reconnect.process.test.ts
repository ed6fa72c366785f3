import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Host } from '#src/cluster/cluster.ts';
import { EXIT } from '#src/errors.ts';
import { command } from '#src/resource/command.ts';
import { file } from '#src/resource/file.ts';
import { defineAction } from '#src/role/action.ts';
import type { RoleInput } from '#src/role/role.ts';
import { type StepList, step } from '#src/role/step.ts';
import { type Script, sh } from '#src/shell/script.ts';
import { KnownHosts } from '#src/transport/known-hosts.ts';
import { connect } from '#src/transport/ssh.ts';
import { testKeyPair } from '#src/transport/test-keys.ts';
import { type TestServer, testServer } from '#src/transport/test-server.ts';
import type { EngineEvent } from './events.ts';
import type { RunOptions } from './run-options.ts';
import { HostSession } from './session.ts';
import { type TestRun, testRun } from './testing/run.ts';

// Pauses before reconnects are real; on a busy machine all takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** The whole engine over SSH to this machine, with a server that cuts connections. */
let root: string;
let server: TestServer;
let identity: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'picluster-reconnect-'));
  vi.stubEnv('known_sums_file', join(root, 'sums'));
  identity = join(root, 'id');
  writeFileSync(identity, testKeyPair().private, { mode: 0o600 });
  server = await testServer();
});
afterEach(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

const owned = { owner: String(process.getuid?.()), group: String(process.getgid?.()) };
const at = (name: string): string => join(root, name);
const lock = (): RunOptions['lock'] => ({ path: at('lock'), holder: 'run 1 by me@here' });

function run(steps: (input: RoleInput<unknown>) => StepList, overrides: Partial<RunOptions> = {}): Promise<TestRun> {
  return testRun(root, ['n1'], steps, { lock: lock(), connect: connector(), ...overrides });
}

function connector(): RunOptions['connect'] {
  const knownHosts = KnownHosts.open(at('known_hosts'));
  return (_, { signal }) =>
    connect(server.target({ identityFiles: [identity] }), {
      signal,
      knownHosts,
      agent: null,
      sshConfig: '',
      keepalive: { intervalMs: 200, missed: 2 },
      onHostKey: () => {},
    });
}

const ends = ({ events }: TestRun): string[] =>
  events.flatMap((event) => (event.type === 'step.end' ? [`${event.status} ${event.step.replace(/^r\/|@n1$/g, '')}`] : []));
const starts = ({ events }: TestRun, name: string): number =>
  events.filter((event) => event.type === 'step.start' && event.step === `r/${name}@n1`).length;
const reconnects = ({ events }: TestRun) => events.filter((event) => event.type === 'host.reconnected');

/** A command that says `cut me` once it has begun, and is done when its file is there. */
const slow = (name: string, script: Script) =>
  step(
    command({
      title: name,
      run: sh`echo "$$" >>${at(`${name}.begun`)}; echo cut me; ${script}; touch ${at(name)}`,
      creates: at(name),
    }),
    {
      name,
    },
  );
const small = (name: string) => step(file({ path: at(name), content: `${name}\n`, ...owned }), { name });
const begun = (name: string): number =>
  readFileSync(at(`${name}.begun`), 'utf8')
    .trim()
    .split('\n').length;

/** Cuts once, at the first output of a step. */
function cutting(how: () => void): Pick<RunOptions, 'emit'> {
  let isCut = false;
  return {
    emit: (event) => {
      if (isCut || event.type !== 'step.output' || event.text !== 'cut me') return;
      isCut = true;
      how();
    },
  };
}

const runCut = (steps: (input: RoleInput<unknown>) => StepList, how: () => void): Promise<TestRun> => run(steps, cutting(how));

describe('a connection that is lost in the middle of a step', () => {
  it.each([
    ['reset', () => server.drop()],
    ['silent', () => server.freeze()],
  ])('%s: what ran on is waited for and not repeated; the rest goes on', async (_, how) => {
    const outcome = await runCut(() => [small('a'), slow('b', sh`sleep 2`), small('c')], how);
    expect(outcome.result).toMatchObject({ changed: 3, failed: 0, notReached: 0, exitCode: EXIT.done });
    expect(ends(outcome)).toEqual(['changed a', 'changed b', 'changed c']);
    expect([begun('b'), starts(outcome, 'b')]).toEqual([1, 1]);
    expect(reconnects(outcome)).toMatchObject([{ host: 'n1', rebooted: false }]);
    // nothing of ours holds the lock any longer, and nothing half-written lies about
    expect((await run(() => [small('a')])).plan).toEqual([]);
  });

  it('what did not outlive it is done again', async () => {
    const outcome = await runCut(
      () => [slow('b', sh`[ -e ${at('second')} ] || { touch ${at('second')}; sleep 0.3; exit 1; }`), small('c')],
      () => server.drop(),
    );
    expect(ends(outcome)).toEqual(['changed b', 'changed c']);
    expect([begun('b'), starts(outcome, 'b')]).toEqual([2, 2]);
  });

  it('what was killed because the machine went down is no failure of the step', async () => {
    const killed = slow('b', sh`[ -e ${at('second')} ] || { touch ${at('second')}; exit 137; }`);
    const outcome = await runCut(
      () => [killed, small('c')],
      () => setTimeout(() => server.drop(), 500),
    );
    expect(ends(outcome)).toEqual(['changed b', 'changed c']);
    expect([begun('b'), reconnects(outcome).length]).toEqual([2, 1]);
  });

  it('a step that cuts it every time is given up, and says so', async () => {
    const outcome = await run(() => [slow('b', sh`sleep 0.1; exit 1`), small('c')], {
      emit: (event) => {
        if (event.type === 'step.output') server.drop();
      },
    });
    expect(outcome.result).toMatchObject({ failed: 1, notReached: 1, exitCode: EXIT.hostLost });
    expect(begun('b')).toBe(4);
  });

  it('an action begins anew with its check', async () => {
    const seen: string[] = [];
    const action = defineAction({
      name: 'act',
      title: 'act',
      planned: { action: 'run', fields: [] },
      check: async () => {
        seen.push('check');
        return existsSync(at('acted')) ? 'done' : 'later';
      },
      run: async ({ shell }) => {
        seen.push('run');
        const running = (await shell('n1')).run({ script: sh`touch ${at('acted')}; sleep 0.5`, timeoutMs: 10_000 });
        await vi.waitFor(() => expect(existsSync(at('acted'))).toBe(true), { timeout: 10_000 });
        server.drop();
        await running;
      },
    });
    const outcome = await run(() => [step(action), small('c')]);
    expect(outcome.result).toMatchObject({ changed: 2, failed: 0 });
    // once for the plan, once before it ran, once after the loss
    expect(seen).toEqual(['check', 'check', 'run', 'check']);
  });

  it('a probe that plans is asked again', async () => {
    let isCut = false;
    const outcome = await run(() => [small('a')], {
      emit: (event) => {
        if (event.type === 'phase.start' && event.phase === 'plan' && !isCut) {
          isCut = true;
          server.drop();
        }
      },
    });
    expect(outcome.result).toMatchObject({ changed: 1, exitCode: EXIT.done });
  });

  it('is given up when another run took the lock meanwhile, naming it', async () => {
    let other: ChildProcess | undefined;
    const outcome = await runCut(
      () => [slow('b', sh`sleep 0.5; exit 1`), small('c')],
      () => {
        other = spawn('flock', [at('lock'), 'sh', '-c', `echo 'run 2 by them' >${at('lock')}; exec sleep 60`]);
        server.drop();
      },
    );
    other?.kill();
    expect(outcome.result).toMatchObject({ failed: 1, notReached: 1 });
    expect(outcome.events).toContainEqual(
      expect.objectContaining({ type: 'step.end', error: expect.objectContaining({ message: 'n1 is locked by run 2 by them' }) }),
    );
  });
});

it('a forwarded port stays the same and leads to the host again', async () => {
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const events: EngineEvent[] = [];
  const { signal } = new AbortController();
  const host = { name: 'n1', target: server.target({ identityFiles: [identity] }) } as Host;
  const session = await HostSession.open(host, connector(), {
    signal,
    lock: lock(),
    reconnect: { draining: signal, timeouts: { reconnectMs: 90_000, rebootMs: 90_000 }, emit: (event) => events.push(event) },
  });
  const { port, close } = await session.forward('127.0.0.1', (echo.address() as AddressInfo).port);
  const said = async (word: string): Promise<string> => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.write(word);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return String(answer);
  };
  expect(await said('one')).toBe('one');
  server.drop();
  expect(await said('two')).toBe('two');
  expect(events.map(({ type }) => type)).toEqual(['host.reconnecting', 'host.reconnected']);
  await Promise.all([session.close(), close(), new Promise((resolve) => echo.close(resolve))]);
});

describe('a host that does not come back in time', () => {
  it('ends the wait when the run is drained, and reports the rest as not reached', async () => {
    const drain = new AbortController();
    const { emit } = cutting(() => void server.close());
    const outcome = await run(() => [small('a'), slow('b', sh`sleep 1`), small('c')], {
      draining: drain.signal,
      emit: (event) => {
        emit(event);
        if (event.type === 'host.reconnecting' && event.attempt === 2) drain.abort();
      },
    });
    expect(outcome.result).toMatchObject({ changed: 1, failed: 0, notReached: 2, exitCode: EXIT.interrupted });
    expect(outcome.events).toContainEqual(
      expect.objectContaining({ type: 'step.end', status: 'not-reached', reason: expect.stringContaining('waiting for n1') }),
    );
  });
});
