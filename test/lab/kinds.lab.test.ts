import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { down, Lab, requireState, ssh, up } from '#lab/machines/index.ts';
import { parseRecords } from '#src/engine/observe.ts';
import { streamScript } from '#src/engine/stream.ts';
import type { Facts } from '#src/facts/facts.ts';
import { parseFacts } from '#src/facts/parse.ts';
import { factsScript } from '#src/facts/script.ts';
import {
  authorizedKey,
  file,
  group,
  hostname,
  hostsEntries,
  locale,
  module,
  mount,
  packages,
  service,
  swap,
  sysctl,
  timer,
  timezone,
  user,
} from '#src/resource/index.ts';
import type { Apply, Change, Resource } from '#src/resource/kind.ts';
import { forgetStamp } from '#src/resource/stamp.ts';
import { prelude, SHELLS, type ShellName } from '#src/resource/test-sandbox.ts';
import { joinScripts, type Script, sh } from '#src/shell/script.ts';
import type { Connection, RootShell } from '#src/transport/connection.ts';
import { KnownHosts } from '#src/transport/known-hosts.ts';
import { connect } from '#src/transport/ssh.ts';

/** Kinds that change a whole machine, on a machine of their own. What they did is read by the machine's own tools. */
const lab = new Lab({ name: 'kinds' });
const signal = AbortSignal.timeout(1_200_000);
const TIMEOUT_MS = 600_000;
let directory: string;
let connection: Connection;
let shell: RootShell;
let facts: Facts;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'picluster-kinds-'));
  await down(lab, { purge: true });
  await up(lab, { nodes: ['k1'], artifacts: false });
  const [node] = (await requireState(lab)).nodes;
  const target = {
    name: 'k1',
    address: node?.address ?? '',
    port: 22,
    user: 'admin',
    become: { method: 'sudo' as const },
    hostKeys: [node?.hostKey ?? ''],
    identityFiles: [lab.local('key')],
    connectTimeoutMs: 20_000,
  };
  const knownHosts = KnownHosts.open(join(directory, 'known_hosts'));
  connection = await connect(target, { signal, knownHosts, onHostKey: () => {}, agent: null, sshConfig: '' });
  shell = await connection.shell({ signal, become: target.become });
  facts = parseFacts((await request(factsScript())).stdout);
  await converge(packages({ names: ['busybox'] }));
});

afterAll(async () => {
  await connection?.close();
  await down(lab, { purge: true });
  await rm(directory, { recursive: true, force: true });
});

/** In the root shell, or in another one beneath it. */
async function request(script: Script, name?: ShellName): Promise<{ stdout: string; stderr: string }> {
  const words = name === 'busybox' ? ['busybox', 'sh'] : [name ?? ''];
  const inner = name ? sh`${words} -c ${joinScripts([prelude, script]).text}` : script;
  const reply = await shell.run({ script: inner, timeoutMs: TIMEOUT_MS });
  return { stdout: reply.stdout.toString(), stderr: reply.stderr.toString() };
}

async function observe<Spec, State>({ kind, spec }: Resource<Spec, State>, name?: ShellName): Promise<State> {
  const { stdout, stderr } = await request(kind.probe([spec], facts), name);
  expect(stderr).toBe('');
  const records = parseRecords(stdout);
  expect(records).toHaveLength(1);
  return kind.parse(records[0] ?? []);
}

const change = async <Spec, State>(resource: Resource<Spec, State>, name?: ShellName): Promise<Change | undefined> =>
  resource.kind.diff(resource.spec, await observe(resource, name), facts);

async function outcome(apply: Apply, name?: ShellName): Promise<{ exitCode: number; output: string }> {
  const { stdout } = await request(streamScript([apply], 'mark'), name);
  return { exitCode: Number(/mark end 0 (\d+)/.exec(stdout)?.[1]), output: stdout };
}

/** Also what must stay up is waited for. */
async function attempt<Spec, State>(
  resource: Resource<Spec, State>,
  name?: ShellName,
): Promise<{ exitCode: number; output: string }> {
  const apply = resource.kind.apply(resource.spec, await observe(resource, name), facts);
  const applied = await outcome(apply, name);
  const watch = resource.kind.watch?.(resource.spec, facts);
  if (!watch || applied.exitCode !== 0) return applied;
  await sleep(watch.afterMs);
  return outcome(watch, name);
}

/** Applies; then the node's own answer is that nothing is left to do. Returns what was to do. */
async function converge<Spec, State>(resource: Resource<Spec, State>, name?: ShellName): Promise<Change | undefined> {
  const before = await change(resource, name);
  const { exitCode, output } = await attempt(resource, name);
  expect(exitCode, output).toBe(0);
  expect(await change(resource, name)).toBeUndefined();
  return before;
}

async function refused<Spec, State>(resource: Resource<Spec, State>): Promise<string> {
  const { exitCode, output } = await attempt(resource);
  expect(exitCode).toBeGreaterThan(0);
  return output;
}

/** Independent of what is tested: the machine's own ssh. */
async function node(line: string): Promise<string> {
  const result = await ssh(lab, 'k1', line, { user: 'root', timeout: 120_000 });
  expect(`${result.exitCode} ${result.exitCode === 0 ? '' : result.stderr}`).toBe('0 ');
  return result.stdout.trim();
}

describe('package', () => {
  const wanted = packages({ names: ['tree', 'bash'] });

  test('is installed, waiting for whoever holds the lock and naming them; then purged', async () => {
    await node('rm -rf /var/lib/apt/lists/*; nohup flock /var/lib/dpkg/lock-frontend sleep 4 >/dev/null 2>&1 &');
    expect(await change(wanted)).toMatchObject({ action: 'create', fields: [{ field: 'tree', before: 'absent' }] });
    const { exitCode, output } = await attempt(wanted);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/waiting: \/var\/lib\/dpkg\/lock-frontend is locked by (?:flock|sleep) \(pid \d+: .*sleep 4\)/);
    expect(await change(wanted)).toBeUndefined();
    expect(await node('tree --version')).toContain('tree');
    await converge(packages({ names: ['tree'], state: 'absent', purge: true }));
    expect(await node('dpkg-query -W tree 2>&1 || true')).toContain('no packages found');
  });

  test('that does not exist is named by apt', async () => {
    expect(await refused(packages({ names: ['no-such-package'] }))).toContain('Unable to locate package no-such-package');
  });

  test('left unpacked by a power cut is configured', async () => {
    await node('cd /tmp && apt-get download tree >/dev/null 2>&1 && dpkg --unpack tree_*.deb');
    expect(await change(wanted)).toMatchObject({ fields: [{ field: 'tree', before: 'unpacked' }] });
    await converge(wanted);
  });
});

describe('service', () => {
  const digest = (letter: string) => letter.repeat(64);
  const unit = (name: string, lines: string) =>
    file({
      path: `/etc/systemd/system/${name}.service`,
      content: `[Service]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`,
    });
  const pid = () => node('systemctl show -p MainPID --value demo');

  test('is started once its unit is there, and restarted only when its inputs changed', async () => {
    const demo = (inputs: string) => service({ name: 'demo', enabled: true, running: true, inputs });
    expect(await change(demo(digest('a')))).toMatchObject({ fields: [{ before: 'no such unit' }, { before: 'no such unit' }] });
    await converge(unit('demo', 'ExecStart=/bin/sleep infinity'));
    await converge(demo(digest('a')));
    const first = await pid();
    expect(await node('systemctl is-enabled demo; systemctl is-active demo')).toBe('enabled\nactive');
    expect(await attempt(demo(digest('a')))).toMatchObject({ exitCode: 0 });
    expect(await pid()).toBe(first);

    expect(await converge(demo(digest('b')))).toMatchObject({ action: 'restart' });
    const second = await pid();
    expect(second).not.toBe(first);

    await request(forgetStamp('demo.service'));
    expect(await converge(demo(digest('b')))).toMatchObject({ action: 'restart', fields: [{ before: 'unknown' }] });
    expect(await pid()).not.toBe(second);
    expect(await node('stat -c "%a %U" /var/lib/picluster/stamps /var/lib/picluster/stamps/demo.service')).toBe(
      '700 root\n600 root',
    );
  });

  test('sees a changed unit file, and loads it', async () => {
    await converge(unit('demo', 'ExecStart=/bin/sleep 999999'));
    const demo = service({ name: 'demo', running: true, inputs: digest('c') });
    expect(await converge(demo)).toMatchObject({ action: 'restart', fields: [{ field: 'unit files' }, { field: 'inputs' }] });
    expect(await node('tr "\\0" " " </proc/$(systemctl show -p MainPID --value demo)/cmdline')).toBe('/bin/sleep 999999');
  });

  test('is stopped, disabled, masked, unmasked', async () => {
    await converge(service({ name: 'demo', enabled: false, running: false }));
    expect(await node('systemctl is-active demo; systemctl is-enabled demo; ls /var/lib/picluster/stamps')).toBe(
      'inactive\ndisabled',
    );
    await node('rm /etc/systemd/system/demo.service; systemctl daemon-reload');
    await converge(service({ name: 'demo', masked: true }));
    await converge(service({ name: 'demo', masked: false }));
    await converge(service({ name: 'cron', running: false }));
    await converge(service({ name: 'no-such-unit', enabled: false, running: false }));
  });

  test.each(SHELLS)('service under %s', async (name) => {
    await converge(unit('shelled', 'ExecStart=/bin/sleep infinity'));
    const wanted = (spec: object) => service({ name: 'shelled', ...spec });
    expect(await converge(wanted({ enabled: true, running: true, inputs: digest('a') }), name)).toMatchObject({
      action: 'update',
    });
    await converge(wanted({ state: 'absent' }), name);
    expect(await node('systemctl is-active shelled; systemctl is-enabled shelled || true')).toBe('inactive\ndisabled');
  });

  test('that fails says what it said itself, and leaves no stamp', async () => {
    await converge(unit('bad', 'ExecStart=/bin/sh -c "echo my last words; exit 3"\nType=exec'));
    await converge(unit('flaky', 'ExecStart=/bin/sh -c "sleep 2; echo went away; exit 1"\nRestart=always'));
    await converge(unit('mute', 'Type=notify\nTimeoutStartSec=infinity\nExecStart=/bin/sleep infinity'));
    const flaky = await refused(service({ name: 'flaky', running: true, inputs: digest('a') }));
    expect(flaky).toContain('flaky.service: did not stay up after its start');
    expect(flaky).toContain('went away');
    expect(await refused(service({ name: 'bad', running: true, inputs: digest('a') }))).toContain('my last words');
    const mute = await refused(service({ name: 'mute', running: true, inputs: digest('a'), startTimeoutSeconds: 3 }));
    expect(mute).toContain('mute.service: start did not end within 3 s; it is activating');
    expect(await refused(service({ name: 'no-such-unit', running: true }))).toContain('not found');
    expect(await node('ls /var/lib/picluster/stamps')).toBe('');
    await node('systemctl stop flaky mute');
  });
});

describe('timer', () => {
  test.each(SHELLS)('timer under %s', async (name) => {
    const wanted = (spec: object) =>
      timer({ name: 'tidy', command: 'echo "$0 100%" >>/root/tidy; id -un >>/root/tidy', ...spec });
    expect(await converge(wanted({ calendar: 'daily' }), name)).toMatchObject({ action: 'create' });
    expect(
      await node('systemctl is-active tidy.timer; systemctl is-enabled tidy.timer; systemctl start tidy; cat /root/tidy'),
    ).toBe('active\nenabled\n/bin/sh 100%\nroot');
    expect(await converge(wanted({ calendar: ['Mon 04:00', 'Tue 05:00'] }), name)).toMatchObject({ action: 'update' });
    expect(await node('systemctl show -p TimersCalendar --value tidy.timer | grep -c 0[45]:00')).toBe('2');
    expect(await refused(wanted({ calendar: 'every other moon' }))).toContain('every other moon');
    expect(await converge(timer({ name: 'tidy', state: 'absent' }), name)).toMatchObject({ action: 'delete' });
    expect(
      await node(
        'ls -d /etc/systemd/system/*tidy* /etc/systemd/system/*/tidy* /var/lib/systemd/timers/*tidy* 2>/dev/null || systemctl show -p LoadState --value tidy.timer; rm /root/tidy',
      ),
    ).toBe('not-found');
  });

  test("of the distribution's name, or for nobody, is refused", async () => {
    expect(await refused(timer({ name: 'apt-daily', calendar: 'daily', command: 'true' }))).toContain("is the distribution's");
    expect(await change(timer({ name: 'apt-daily', state: 'absent' }))).toBeUndefined();
    expect(await refused(timer({ name: 'tidy', calendar: 'daily', command: 'true', user: 'nobody-here' }))).toContain(
      'no user nobody-here',
    );
  });
});

test('mount: systemd knows of it at once, and of its end', async () => {
  await node('mkdir -p /srv/from; touch /srv/from/here');
  await converge(mount({ path: '/srv/to', source: '/srv/from', type: 'none', options: ['bind', 'ro'] }));
  expect(
    await node('ls /srv/to; systemctl show -p Where -p ActiveState -p UnitFileState -p FragmentPath --value srv-to.mount'),
  ).toBe('here\n/srv/to\nactive\n/run/systemd/generator/srv-to.mount\ngenerated');
  await node('umount /srv/to');
  expect(await converge(mount({ path: '/srv/to', source: '/srv/from', type: 'none', options: ['bind', 'ro'] }))).toMatchObject({
    fields: [{ field: 'mounted' }],
  });
  await node('cd /srv/to && (nohup sleep 1000 >/dev/null 2>&1 & echo $! >/run/holder)');
  expect(await refused(mount({ path: '/srv/to', state: 'absent' }))).toMatch(/sleep \(pid \d+\) uses \/srv\/to/);
  await node('kill $(cat /run/holder)');
  await converge(mount({ path: '/srv/to', state: 'absent' }));
  expect(await node('systemctl show -p LoadState --value srv-to.mount; grep -c srv /etc/fstab || true')).toBe('not-found\n0');
});

test('sysctl: now and after a reboot; one line a key, sorted', async () => {
  await converge(sysctl({ key: 'net.ipv4.ip_forward', value: 1 }));
  expect(await converge(sysctl({ key: 'net.ipv4.conf.all.rp_filter', value: 2 }))).toMatchObject({ action: 'update' });
  await converge(sysctl({ key: 'net.ipv4.tcp_rmem', value: '4096 131072 6291456' }));
  await converge(sysctl({ key: 'net.ipv4.ip_forward', value: 1 }));
  expect(await node('sysctl -n net.ipv4.conf.all.rp_filter; cat /etc/sysctl.d/90-picluster.conf')).toBe(
    '2\n# Written by picluster.\nnet.ipv4.conf.all.rp_filter = 2\nnet.ipv4.ip_forward = 1\nnet.ipv4.tcp_rmem = 4096 131072 6291456',
  );
  await converge(sysctl({ key: 'net.ipv4.tcp_rmem', state: 'absent' }));
  await node('echo "net/ipv4/ip_forward=0" >/etc/sysctl.d/99-other.conf');
  expect(await refused(sysctl({ key: 'net.ipv4.ip_forward', value: 1 }))).toContain('is set to 0 by /etc/sysctl.d/99-other.conf');
  await node('rm /etc/sysctl.d/99-other.conf');
  expect(await refused(sysctl({ key: 'net.ipv4.no_such', value: 1 }))).toContain('the kernel has no net.ipv4.no_such');
  expect(await refused(sysctl({ key: 'net.ipv4.ip_forward', value: 'maybe' }))).toContain('the kernel refuses');
});

test('module: built in counts as loaded; one that is not there is named', async () => {
  await converge(module({ name: 'overlay' }));
  await converge(module({ name: 'br-netfilter' }));
  expect(await node('cat /etc/modules-load.d/picluster.conf')).toBe('# Written by picluster.\nbr_netfilter\noverlay');
  expect(await refused(module({ name: 'no_such_module' }))).toContain('no_such_module');
  await converge(module({ name: 'no_such_module', state: 'absent' }));
});

test('group, user, key: made, changed, removed', async () => {
  const key = `ssh-ed25519 ${'A'.repeat(68)} ada@home`;
  await converge(group({ name: 'builders', gid: 4321 }));
  await converge(user({ name: 'ada', groups: ['builders'], shell: '/bin/bash' }));
  await converge(authorizedKey({ user: 'ada', key }));
  await converge(authorizedKey({ user: 'ada', key: key.replace('AAA', 'BBB').replace('ada@', 'old@') }));
  expect(await change(authorizedKey({ user: 'ada', key: key.replace('ada@home', 'another comment') }))).toBeUndefined();
  expect(await node('id -Gn ada; stat -c "%a %U %G" ~ada/.ssh ~ada/.ssh/authorized_keys; wc -l <~ada/.ssh/authorized_keys')).toBe(
    'ada builders\n700 ada ada\n600 ada ada\n2',
  );
  await node('chmod 666 ~ada/.ssh/authorized_keys');
  expect(await converge(authorizedKey({ user: 'ada', key }))).toMatchObject({
    fields: [{ field: 'file', before: `666:${await node('id -u ada')}` }],
  });
  await converge(authorizedKey({ user: 'ada', key, state: 'absent' }));
  expect(await node('grep -c . ~ada/.ssh/authorized_keys')).toBe('1');

  await node('echo ada:secret | chpasswd');
  await converge(user({ name: 'ada', uid: 4000, shell: '/bin/sh', passwordLocked: true, groups: ['adm'] }));
  expect(await node('getent passwd ada | cut -d: -f3,7; passwd -S ada | cut -d" " -f2; id -Gn ada')).toBe(
    '4000:/bin/sh\nL\nada adm builders',
  );
  expect(await refused(user({ name: 'bob', groups: ['no-such-group'] }))).toContain('no-such-group');
  await converge(user({ name: 'ada', state: 'absent', purge: true }));
  await converge(group({ name: 'builders', state: 'absent' }));
  expect(await node('ls /home; getent passwd ada || echo gone')).toBe('admin\ngone');
});

test('host name, hosts entries, time zone, locale, swap', async () => {
  await converge(hostsEntries({ entries: [{ address: '192.0.2.7', names: ['other.example.com', 'other'] }] }));
  expect(await node('getent hosts other')).toMatch(/^192\.0\.2\.7\s+other\.example\.com other$/);
  await converge(hostname({ name: 'renamed' }));
  expect(await node('hostname; cat /etc/hostname')).toBe('renamed\nrenamed');
  await converge(timezone({ zone: 'Europe/Madrid' }));
  expect(await node('date +%Z; cat /etc/timezone 2>/dev/null')).toMatch(/^CES?T/);
  await converge(timezone({ zone: 'UTC' }));
  await converge(locale({ locale: 'C.UTF-8' }));
  await converge(packages({ names: ['locales'] }));
  await converge(locale({ locale: 'de_DE.UTF-8' }));
  expect(await node('. /etc/default/locale; LC_ALL=$LANG locale -k LC_TIME | grep ^day=')).toContain('Sonntag');
  await node('printf "# mine\\n/swapfile none swap sw 0 0\\n" >>/etc/fstab');
  expect(await converge(swap({ state: 'absent' }))).toMatchObject({ fields: [{ field: 'in fstab', before: '/swapfile' }] });
  expect(await node('tail -n 2 /etc/fstab')).toBe('# mine\n# off by picluster: /swapfile none swap sw 0 0');
});

test('a probe of 24 resources takes the node well under 100 ms', async () => {
  const paths = Array.from({ length: 12 }, (_, index) => file({ path: `/etc/probe-${index}`, content: 'x' }));
  const keys = ['net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter', 'kernel.panic'].map((key) => sysctl({ key, value: 1 }));
  const units = ['ssh', 'cron', 'chrony', 'systemd-logind'].map((name) => service({ name, running: true }));
  const lists = [['bash'], ['tree', 'curl']].map((names) => packages({ names }));
  const others = [...['overlay', 'br_netfilter'].map((name) => module({ name })), hostname({ name: 'k1' })];
  const probes = [paths, keys, units, lists, others.slice(0, 2), others.slice(2)].map((some) => {
    const [first] = some as Resource<unknown, unknown>[];
    return first?.kind.probe(
      some.map(({ spec }) => spec),
      facts,
    ) as Script;
  });
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const { stdout } = await request(sh`
      before=$(date +%s%N)
      { ${probes[0]}
        ${probes[1]}
        ${probes[2]}
        ${probes[3]}
        ${probes[4]}
        ${probes[5]}
      } >/dev/null
      echo $((($(date +%s%N) - before) / 1000))`);
    times.push(Number(stdout) / 1000);
  }
  expect(Math.min(...times)).toBeLessThan(100);
});
