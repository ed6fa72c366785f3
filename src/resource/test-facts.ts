import type { Facts } from '#src/facts/facts.ts';

/** Small machines, for tests of kinds. */
export const debian: Facts = {
  hostname: 'n1',
  machineId: '0123456789abcdef0123456789abcdef',
  bootId: '00000000-0000-4000-8000-000000000000',
  arch: 'amd64',
  kernel: '6.1.0',
  os: { id: 'debian', like: [], versionId: '12', codename: 'bookworm', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
  init: 'systemd',
  packageManager: 'apt',
  model: '',
  firmwareCmdline: undefined,
  clock: { nodeMs: 0, askedMs: 0, answeredMs: 0 },
  cpus: 2,
  memoryBytes: 4 * 2 ** 30,
  swapActive: false,
  freeBytes: { root: 2 ** 34, var: 2 ** 34 },
  addresses: ['192.0.2.1'],
  defaultRoute: { interface: 'eth0', gateway: '192.0.2.254' },
  cgroup: { version: 2, memory: true },
  listening: [],
  tools: { curl: true, wget: true, modprobe: true },
  k3s: { version: undefined, etcd: false, serverCa: undefined },
  isRoot: true,
};

export const alpine: Facts = {
  ...debian,
  os: { id: 'alpine', like: [], versionId: '3.22.1', codename: '', prettyName: 'Alpine Linux v3.22' },
  init: 'openrc',
  packageManager: 'apk',
};
