import { describe, expect, it } from 'vitest';
import { sh } from '#src/shell/script.ts';
import { localConnection } from '#src/transport/local.ts';
import { parseAddresses, parseDefaultRoute, parseListening } from './network.ts';
import { fingerprintOf, parseFacts, splitFacts } from './parse.ts';
import { factsScript, factsThenProbe } from './script.ts';

const record = (...fields: string[]): string => `${fields.map((field) => `${field}\x1f`).join('')}\x1e`;

const minimal = (...more: string[]): string =>
  [record('uname', '6.6.31+rpt-rpi-v8 aarch64\n'), ...more, record('uid', '0\n'), record('end')].join('');

const RASPBERRY = minimal(
  record('clock', '1731400000 250000000\n'),
  record('hostname', 'node1'),
  record('machine-id', 'a'.repeat(32)),
  record('memory', 'MemTotal:        8245240 kB'),
  record('os', 'debian', '', '12', 'bookworm', 'Debian GNU/Linux 12 (bookworm)'),
  record('init', 'systemd'),
  record('packages', 'apt'),
  record('model', 'Raspberry Pi 4 Model B Rev 1.4'),
  record('firmware-cmdline', 'console=tty1 root=PARTUUID=1234 rootwait'),
  record('cpus', '4'),
  record('swaps', '1'),
  record(
    'disks',
    'Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda2 100 40 60 40% /\n/dev/sda2 100 40 60 40% /\n',
  ),
  record('route', 'wlan0', '0100A8C0', '600'),
  record('route', 'eth0', '0101000A', '100'),
  record('cgroup', '2', '', 'cpuset cpu io pids'),
  record('tool', 'curl'),
);

describe('parseFacts', () => {
  it('reads a Raspberry Pi', () => {
    expect(parseFacts(RASPBERRY)).toMatchObject({
      hostname: 'node1',
      arch: 'arm64',
      kernel: '6.6.31+rpt-rpi-v8',
      os: { id: 'debian', like: [], versionId: '12', codename: 'bookworm' },
      firmwareCmdline: 'console=tty1 root=PARTUUID=1234 rootwait',
      clock: { nodeMs: 1731400000250 },
      cpus: 4,
      memoryBytes: 8245240 * 1024,
      swapActive: true,
      freeBytes: { root: 60 * 1024, var: 60 * 1024 },
      defaultRoute: { interface: 'eth0', gateway: '10.0.1.1' },
      cgroup: { version: 2, memory: false },
      tools: { curl: true, wget: false, modprobe: false },
      k3s: { version: undefined, etcd: false, serverCa: undefined },
      isRoot: true,
    });
  });

  it('reads what K3s left on a server', () => {
    const facts = parseFacts(
      minimal(
        record('k3s-version', 'k3s version v1.30.2+k3s1 (aa4794b3)\ngo version go1.22.4\n'),
        record('k3s-etcd'),
        record('k3s-ca', `${'c'.repeat(64)}  /var/lib/rancher/k3s/server/tls/server-ca.crt\n`),
      ),
    );
    expect(facts.k3s).toEqual({ version: 'v1.30.2+k3s1', etcd: true, serverCa: 'c'.repeat(64) });
  });

  it.each([
    ['busybox has no nanoseconds', record('clock', '1731400000 %N\n'), 1731400000500],
    ['busybox prints nothing for them', record('clock', '1731400000 \n'), 1731400000500],
  ])('clock: %s', (_, clock, expected) => {
    expect(parseFacts(minimal(clock)).clock.nodeMs).toBe(expected);
  });

  it.each([
    ['cgroup v2 with memory', ['2', '', 'cpu memory pids'], { version: 2, memory: true }],
    ['both trees', ['1', '1', ''], { version: 'hybrid', memory: true }],
    ['old trees', ['', '1', ''], { version: 1, memory: true }],
    ['old trees, memory switched off', ['', '', ''], { version: 1, memory: false }],
  ])('cgroup: %s', (_, fields, expected) => {
    expect(parseFacts(minimal(record('cgroup', ...fields))).cgroup).toEqual(expected);
  });

  it('refuses an answer that was cut off, and an unknown architecture', () => {
    expect(() => parseFacts(RASPBERRY.slice(0, -8))).toThrow('cut off');
    expect(() => parseFacts(record('uname', '6.1 riscv64') + record('end'))).toThrow('riscv64');
  });

  it.each(['dash', 'bash', 'busybox sh'])('this machine under %s', async (shell) => {
    const connection = localConnection({ shell });
    try {
      const root = await connection.shell({ signal: AbortSignal.timeout(20_000), become: { method: 'none' } });
      const reply = await root.run({ script: factsScript(), timeoutMs: 20_000 });
      expect(reply).toMatchObject({ exitCode: 0, stderr: Buffer.alloc(0) });
      const facts = parseFacts(reply.stdout.toString());
      const kernel = await root.run({ script: sh`uname -r; cat /etc/machine-id`, timeoutMs: 5_000 });
      expect(kernel.stdout.toString().split('\n').slice(0, 2)).toEqual([facts.kernel, facts.machineId]);
      expect(facts.cpus).toBeGreaterThan(0);
      expect(facts.memoryBytes).toBeGreaterThan(1e8);
      expect(facts.freeBytes.var).toBeGreaterThan(0);
      expect(Math.abs(facts.clock.nodeMs - Date.now())).toBeLessThan(10_000);
    } finally {
      await connection.close();
    }
  });
});

describe.each(['dash', 'bash', 'busybox sh'])('facts and a probe in one request under %s', (shellName) => {
  const ask = async (fingerprint: string): Promise<string> => {
    const connection = localConnection({ host: 'here', shell: shellName });
    try {
      const shell = await connection.shell({ signal: new AbortController().signal, become: { method: 'none' } });
      const probe = sh`record seen "\${ID-unset}" "\${fingerprint-unset}"`;
      const { exitCode, stdout } = await shell.run({ script: factsThenProbe(probe, fingerprint), timeoutMs: 30_000 });
      expect(exitCode).toBe(0);
      return stdout.toString();
    } finally {
      await connection.close();
    }
  };

  it('the probe runs when the host is what it was, and sees no variable of the facts', async () => {
    const first = splitFacts(await ask('something else'));
    expect(parseFacts(first.facts).bootId).not.toBe('');
    expect(first.rest).toBeUndefined();
    const second = splitFacts(await ask(fingerprintOf(first.facts)));
    expect(second.rest).toBe(record('seen', 'unset', 'unset'));
  });
});

describe('network facts', () => {
  it('leaves out addresses that every host has', () => {
    const text = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
2: eth0    inet 10.0.0.11/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever
2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever
2: eth0    inet6 2001:db8::11/64 scope global dynamic \\       valid_lft 86000sec
3: docker0    inet 172.17.0.1/16 scope global docker0\\       valid_lft forever
4: flannel.1    inet 10.42.0.0/32 scope global flannel.1\\       valid_lft forever
5: br0    inet 192.168.7.2/24 scope global br0\\       valid_lft forever`;
    expect(parseAddresses(text)).toEqual(['10.0.0.11', '2001:db8::11', '192.168.7.2']);
  });

  it('knows a machine without a way out', () => {
    expect(parseDefaultRoute([])).toBeUndefined();
  });

  it.each([
    [
      'ss',
      `LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=4))
LISTEN 0 4096 *:6443 *:* users:(("k3s",pid=9,fd=12),("envoy",pid=10,fd=3))
LISTEN 0 4096 127.0.0.1:9 0.0.0.0:*`,
    ],
    [
      'netstat of busybox',
      `Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 127.0.0.1:9             0.0.0.0:*               LISTEN      -
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      1/sshd
tcp        0      0 :::6443                 :::*                    LISTEN      9/k3s
tcp        0      0 :::6443                 :::*                    LISTEN      10/envoy`,
    ],
  ])('listening ports as %s prints them', (_, text) => {
    expect(parseListening(text)).toEqual([
      { port: 9, process: '' },
      { port: 22, process: 'sshd' },
      { port: 6443, process: 'k3s' },
      { port: 6443, process: 'envoy' },
    ]);
  });
});
