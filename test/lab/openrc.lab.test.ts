import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { down, Lab, reboot, ssh, up } from '#lab/machines/index.ts';
import { serviceFile } from '#roles/k3s/service-file.ts';
import { K3sVars } from '#roles/k3s/vars.ts';
import { specOf, testFacts } from '#roles/testing.ts';
import { parseRecords } from '#src/engine/observe.ts';
import { packages, service } from '#src/resource/index.ts';
import type { Change, Resource } from '#src/resource/kind.ts';
import { alpine } from '#src/resource/test-facts.ts';
import { joinScripts, rawScript, type Script } from '#src/shell/script.ts';
import { Cli } from '../support/cli.ts';
import { Picluster } from '../support/picluster.ts';
import { writePlainCluster } from '../support/plain-cluster.ts';
import { onTerminal } from '../support/terminal.ts';

/** OpenRC, apk, doas and busybox, by the real command line. What it did is read by the machine's own tools. */
const lab = new Lab({ name: 'openrc' });
let cli: Cli;

const ROLE = `
import { defineRole, directory, file, group, packages, service, step, sysctl, user } from 'picluster';
import { z } from 'zod';

export default defineRole({
  name: 'demo',
  namespace: 'demo',
  vars: z.strictObject({
    packages: z.array(z.string()).default(['tree']),
    command: z.string().default('/bin/sleep 100000'),
    text: z.string().default('one'),
    running: z.boolean().default(true),
    k3s: z.string().default(''),
  }),
  steps({ vars }) {
    const [command, ...args] = vars.command.split(' ');
    const script = step(file({
      path: '/etc/init.d/demo',
      mode: 0o755,
      content: ['#!/sbin/openrc-run', 'supervisor=supervise-daemon', 'command=' + command, 'command_args="' + args.join(' ') + '"',
        'output_log=/var/log/demo-output.log', 'error_log=/var/log/demo-output.log', 'respawn_delay=1', ''].join('\\n'),
    }));
    const settings = step(file({ path: '/etc/demo/settings', content: vars.text + '\\n', mode: 0o640 }));
    const k3s = step(file({ path: '/etc/init.d/k3s', content: vars.k3s, mode: 0o755 }));
    return [
      step(packages({ names: vars.packages })),
      step(group({ name: 'keepers', gid: 4321 })),
      step(user({ name: 'keeper', system: true, groups: ['keepers'], shell: '/sbin/nologin' })),
      step(directory({ path: '/etc/demo', mode: 0o750, group: 'keepers' })),
      step(sysctl({ key: 'net.ipv4.conf.all.rp_filter', value: 2 })),
      script,
      settings,
      step(service({ name: 'demo', enabled: vars.running, running: vars.running, startTimeoutSeconds: 20 }), { restartOn: [script, settings] }),
      k3s,
      step(service({ name: 'k3s', enabled: true, running: true }), { restartOn: [k3s] }),
    ];
  },
});
`;

/** Stands for K3s and a container of its: a shim whose child takes its time to end. */
const FAKE_K3S = `cat >/usr/local/bin/k3s <<'E'
#!/bin/sh
[ "$1" = server ] || exit 0
/usr/local/bin/containerd-shim &
exec sleep 100000
E
cat >/usr/local/bin/containerd-shim <<'E'
#!/bin/sh
( trap 'sleep 2; date >/root/ended; exit 0' TERM; while :; do sleep 1; done ) &
wait
E
chmod 755 /usr/local/bin/k3s /usr/local/bin/containerd-shim`;

beforeAll(async () => {
  await down(lab, { purge: true });
  await up(lab, { nodes: ['o1'], image: 'openrc', artifacts: false });
  await node(FAKE_K3S);
  const unit = serviceFile('server', testFacts({ init: 'openrc' }), K3sVars.parse({}), new Map());
  const settings = {
    users: { list: [{ name: 'ada', sudo: 'nopasswd', groups: ['users'] }] },
    demo: { k3s: specOf(unit).content },
  };
  const files = { 'roles/demo/role.ts': ROLE };
  cli = new Cli(await writePlainCluster(lab, { roles: ['os', 'users', 'time', 'demo'], settings, files }));
});

afterAll(async () => {
  await down(lab, { purge: true });
  await rm(cli.cluster, { recursive: true, force: true });
  await rm(cli.stateHome, { recursive: true, force: true });
});

const PATH = 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** As root, by the machine's own ssh. */
async function node(script: string): Promise<string> {
  const input = `${PATH}\n${script}`;
  const { exitCode, stdout, stderr } = await ssh(lab, 'o1', 'doas -n sh -s', { user: 'admin', timeout: 60_000, input });
  expect(`${exitCode} ${exitCode === 0 ? '' : stderr}`).toBe('0 ');
  return stdout.trim();
}

/** `picluster apply` with variables of the role demo; what changed, without the host. */
async function apply(vars: Record<string, unknown> = {}): Promise<{ exitCode: number; changed: string[]; all: string }> {
  const set = Object.entries(vars).map(([name, value]) => `--set=demo.${name}=${JSON.stringify(value)}`);
  const { exitCode, events, all } = await cli.events('apply', ['--yes', ...set]);
  const changed = events.flatMap((event) =>
    event.type === 'step.end' && event.status === 'changed' ? [event.step.replace('@o1', '')] : [],
  );
  return { exitCode, changed, all };
}

const pid = (service: string) => node(`cat /run/openrc/options/${service}/child_pid`);

test('roles and kinds make the machine what it should be; a second run, and one after a reboot, change nothing', async () => {
  const made = await apply();
  expect(made.exitCode, made.all).toBe(0);
  const some = ['time/package:chrony', 'time/service:chronyd', 'demo/service:demo', 'users/user:ada'];
  expect(made.changed).toEqual(expect.arrayContaining(some));
  expect(
    await node('rc-service demo status >/dev/null && rc-service chronyd status >/dev/null && rc-update show default'),
  ).toMatch(/chronyd \| +default[\s\S]*demo \| +default/);
  const facts =
    "sysctl -n net.ipv4.conf.all.rp_filter; sshd -T | grep -i '^passwordauth'; id -Gn keeper; stat -c '%a %G' /etc/demo";
  expect(await node(facts)).toBe('2\npasswordauthentication no\nkeeper keepers\n750 keepers');
  expect(await node("grep -E '^(tree|chrony|sudo)' /etc/apk/world; tree --version | head -c 6; sudo -u ada sudo -n id -u")).toBe(
    'chrony\nsudo\ntree\ntree v0',
  );

  const before = await Promise.all([pid('demo'), pid('chronyd')]);
  expect(await apply()).toMatchObject({ exitCode: 0, changed: [] });
  expect(await Promise.all([pid('demo'), pid('chronyd')])).toEqual(before);

  // K3s's own service: supervised, and at a shutdown its containers are given time to end
  const first = await pid('k3s');
  const respawned = `[ "$(cat /run/openrc/options/k3s/child_pid)" != ${first} ]`;
  await node(`kill -9 ${first}; for try in $(seq 100); do ${respawned} && exit 0; sleep 0.2; done; exit 1`);
  await node('test ! -e /root/ended');

  await reboot(lab, 'o1');
  expect(await apply()).toMatchObject({ exitCode: 0, changed: [] });
  expect(await node('test -s /root/ended && rc-service k3s status 2>&1')).toContain('started');
});

test('a service is restarted only when its inputs changed; found crashed, it is started', async () => {
  const before = await Promise.all([pid('demo'), pid('chronyd')]);
  const text = { text: 'two' };
  expect(await apply(text)).toMatchObject({ exitCode: 0, changed: ['demo/file:/etc/demo/settings', 'demo/service:demo'] });
  const [demo, chronyd] = await Promise.all([pid('demo'), pid('chronyd')]);
  expect(demo).not.toBe(before[0]);
  expect(chronyd).toBe(before[1]);

  await node('kill -9 $(cat /run/supervise-demo.pid) && kill -9 $(cat /run/openrc/options/demo/child_pid)');
  const { stdout } = await cli.run('plan', ['--set=demo.text=two']);
  expect(stdout).toContain('demo/service:demo@o1: update (running failed -> running)');
  expect(await apply(text)).toMatchObject({ exitCode: 0, changed: ['demo/service:demo'] });
});

test('a service that does not stay up says what it said itself, and leaves no stamp', async () => {
  const failed = await apply({ command: "/bin/sh -c 'echo my last words; exit 3'" });
  expect(failed.exitCode).toBe(70);
  expect(failed.all).toMatch(/demo: did not stay up[a-z ]*; it is (?:failed|active)/);
  expect(failed.all).toContain('my last words');
  expect(await node('ls /var/lib/picluster/stamps')).not.toContain('demo');
  expect(await apply()).toMatchObject({ exitCode: 0 });

  expect(await apply({ running: false })).toMatchObject({ exitCode: 0, changed: ['demo/service:demo'] });
  expect(
    await node('rc-service demo status || echo $?; rc-update show | grep -c demo || true; ls /var/lib/picluster/stamps'),
  ).toMatch(/stopped\n3\n0\nchronyd.service\nk3s.service\nsshd.service$/);
});

test('apk: a version is asked for, the lock is waited for with a name, what is missing is named', async () => {
  const hold = 'for try in $(seq 300); do [ ! -e /run/release ] || break; sleep 0.2; done';
  await node(`nohup flock /lib/apk/db/lock sh -c '${hold}' >/dev/null 2>&1 &`);
  const set = ['--set=demo.running=false', '--set=demo.packages=[tree=2.1.0-r0]'];
  const args = ['apply', '-C', cli.cluster, '--yes', ...set, '--output', 'json'];
  const run = new Picluster(args, { stateHome: cli.stateHome, timeoutMs: 120_000 });
  const waits = /waiting: \/lib\/apk\/db\/lock is locked by \w+ \(pid \d+/;
  expect(await run.event((event) => event.type === 'step.output' && waits.test(event.text))).toBeDefined();
  await node('touch /run/release');
  expect(await run.ended).toMatchObject({ exitCode: 0 });
  expect(await node("grep '^tree' /etc/apk/world")).toBe('tree=2.1.0-r0');
  // whoever pins it in world knows why: a role that wants the package only leaves that alone
  expect(await apply({ running: false })).toMatchObject({ exitCode: 0, changed: [] });

  await node('echo http://127.0.0.1:9/alpine >>/etc/apk/repositories');
  const missing = await apply({ running: false, packages: ['tree', 'no-such-package'] });
  expect(missing.exitCode).toBe(70);
  expect(missing.all).toContain('no-such-package (no such package)');
  expect(missing.all).toContain('not all repositories could be asked');
  expect(missing.all).toContain('http://127.0.0.1:9/alpine');
});

describe.each(['dash', 'bash', 'busybox sh'])('%s runs the scripts of package and service', (shell) => {
  const prelude = readFileSync(new URL('../../src/shell/prelude.sh', import.meta.url), 'utf8');

  async function run(script: Script): Promise<string> {
    const { exitCode, stdout, stderr } = await ssh(lab, 'o1', `doas -n ${shell} -s`, {
      user: 'admin',
      timeout: 60_000,
      input: `${PATH}\n${prelude}\n${script.text}`,
    });
    expect(`${exitCode} ${stderr}`).toBe('0 ');
    return stdout;
  }

  /** Applies, and what the machine says then is what was wanted. */
  async function converge<Spec, State>({ kind, spec }: Resource<Spec, State>): Promise<Change | undefined> {
    const change = async () => {
      const [record] = parseRecords(await run(kind.probe([spec], alpine)));
      const state = kind.parse(record ?? []);
      return { state, change: kind.diff(spec, state, alpine) };
    };
    const before = await change();
    await run(joinScripts([rawScript('set -eu'), kind.apply(spec, before.state, alpine).script]));
    const watch = kind.watch?.(spec, alpine);
    if (watch) await run(joinScripts([rawScript('set -eu'), watch.script]));
    expect((await change()).change).toBeUndefined();
    return before.change;
  }

  test('package', async () => {
    await converge(packages({ names: ['tree'], state: 'absent' }));
    expect(await converge(packages({ names: ['tree', 'curl'] }))).toMatchObject({
      fields: [{ field: 'tree', before: 'absent' }],
    });
  });

  test('service', async () => {
    const inputs = 'a'.repeat(64);
    await converge(service({ name: 'demo', state: 'absent' }));
    expect(await converge(service({ name: 'demo', enabled: true, running: true, inputs }))).toMatchObject({
      fields: [
        { field: 'enabled', before: 'disabled' },
        { field: 'running', before: 'stopped' },
      ],
    });
  });
});

describe('doas that wants a password', () => {
  const PASSWORD = 'a "quoted" $word';
  const secrets = (password: string) =>
    writeFile(join(cli.cluster, 'secrets.yaml'), stringify({ become: { o1: password } }), { mode: 0o600 });

  beforeAll(async () => {
    await node(`echo 'admin:${PASSWORD}' | chpasswd; echo 'permit admin as root' >/etc/doas.conf`);
  });

  test('has none: refused before anything is done, saying what to write where', async () => {
    const { exitCode, all } = await cli.run('plan');
    expect(exitCode).toBe(77);
    expect(all).toContain('Authentication required');
    expect(all).toContain('"permit nopass USER as root"');
  });

  test('has the wrong one: the machine is named, and nothing stays there', async () => {
    await secrets('not this one');
    const { exitCode, all } = await cli.run('plan', ['--set=ssh.become={method: doas, passwordSecret: become.o1}']);
    expect(exitCode).toBe(77);
    expect(all).toContain('doas on o1 did not accept the password of admin');
    expect(all).not.toContain('not this one');
    expect((await ssh(lab, 'o1', 'ls -A /tmp | grep picluster', { user: 'admin' })).stdout).toBe('');
  });

  test('has the right one: all is as with sudo, and nobody sees it', async () => {
    await secrets(PASSWORD);
    const set = '--set=ssh.become={method: doas, passwordSecret: become.o1}';
    const { exitCode, all } = await cli.run('apply', ['--yes', '--set=demo.text=by doas', set]);
    expect(exitCode, all).toBe(0);
    const script = `cat /etc/demo/settings; ls -A /tmp | grep picluster; grep -ls quoted /proc/[0-9]*/cmdline /proc/[0-9]*/environ; tty`;
    const seen = await cli.run('exec', [set, '--', script]);
    expect(seen.stdout.trim()).toBe('o1: exit status 1\n  by doas\n  not a tty');
    expect(all).not.toContain('quoted');
  });

  test('typed for all hosts at once; not typed, it is said how', async () => {
    const { exitCode, all, unasked } = await onTerminal(`exec -K -C ${cli.cluster} -- id -u`, [PASSWORD], {
      XDG_STATE_HOME: cli.stateHome,
    });
    expect({ exitCode, unasked }).toEqual({ exitCode: 0, unasked: [] });
    expect(all).toMatch(/o1: exit status 0\s+0\s*$/);
  });
});
