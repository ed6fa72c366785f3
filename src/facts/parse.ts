import { PiclusterError } from '#src/errors.ts';
import type { Arch, Facts } from './facts.ts';
import { parseAddresses, parseDefaultRoute, parseListening } from './network.ts';

type Records = ReadonlyMap<string, readonly (readonly string[])[]>;

const ARCHES: Readonly<Record<string, Arch>> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm', armv6l: 'arm', armv8l: 'arm' };
const KIB = 1024;

const LAST_FACT = '\x1eend\x1f\x1e';

/** The facts of an answer, and what came after them: a probe's records; undefined when no probe ran. */
export function splitFacts(stdout: string): { facts: string; rest: string | undefined } {
  const at = stdout.indexOf(LAST_FACT);
  if (at === -1) return { facts: stdout, rest: undefined };
  const end = at + LAST_FACT.length;
  return { facts: stdout.slice(0, end), rest: stdout.slice(end) || undefined };
}

/** The line by which a host is known to be what it was: machine, kernel, name, system. */
export const fingerprintOf = (stdout: string): string => toRecords(stdout).get('fingerprint')?.[0]?.[0] ?? '';

/**
 * Reads what the facts script printed; `clock.askedMs` and `answeredMs` are for the caller to fill in.
 * Throws PiclusterError when the answer is cut off, or the machine's architecture is none that we know.
 */
export function parseFacts(stdout: string): Facts {
  const records = toRecords(stdout);
  if (!records.has('end')) throw new PiclusterError('the facts were cut off', { output: stdout.slice(-500) });
  const field = (name: string, index = 0): string => records.get(name)?.[0]?.[index]?.trim() ?? '';
  const optional = (name: string): string | undefined => field(name) || undefined;
  const [kernel = '', machine = ''] = field('uname').split(/\s+/);
  const arch = ARCHES[machine];
  if (!arch) {
    throw new PiclusterError(`the machine's architecture ${machine || 'is unknown'} is not supported`, {
      hint: `known: ${Object.keys(ARCHES).join(', ')}`,
    });
  }
  return {
    hostname: field('hostname'),
    machineId: field('machine-id'),
    bootId: field('boot-id'),
    arch,
    kernel,
    os: {
      id: field('os'),
      like: field('os', 1).split(/\s+/).filter(Boolean),
      versionId: field('os', 2),
      codename: field('os', 3),
      prettyName: field('os', 4),
    },
    init: oneOf(field('init'), ['systemd', 'openrc']),
    packageManager: oneOf(field('packages'), ['apt', 'apk']),
    model: field('model'),
    firmwareCmdline: optional('firmware-cmdline'),
    clock: { nodeMs: parseClock(field('clock')), askedMs: 0, answeredMs: 0 },
    cpus: Number(field('cpus')),
    memoryBytes: Number(field('memory').split(/\s+/)[1] ?? 0) * KIB,
    swapActive: Number(field('swaps')) > 0,
    freeBytes: parseFree(field('disks')),
    addresses: parseAddresses(field('addresses')),
    defaultRoute: parseDefaultRoute(records.get('route') ?? []),
    cgroup: parseCgroup(field('cgroup'), field('cgroup', 1), field('cgroup', 2)),
    listening: parseListening(field('listening')),
    tools: { curl: hasTool(records, 'curl'), wget: hasTool(records, 'wget'), modprobe: hasTool(records, 'modprobe') },
    k3s: {
      version: /^k3s version (\S+)/m.exec(field('k3s-version'))?.[1],
      etcd: records.has('k3s-etcd'),
      serverCa: optional('k3s-ca')?.split(/\s+/)[0],
    },
    isRoot: field('uid') === '0',
  };
}

function toRecords(stdout: string): Records {
  const records = new Map<string, string[][]>();
  for (const record of stdout.split('\x1e').slice(0, -1)) {
    const [name = '', ...fields] = record.split('\x1f').slice(0, -1);
    records.set(name.trim(), [...(records.get(name.trim()) ?? []), fields]);
  }
  return records;
}

const hasTool = (records: Records, name: string): boolean => (records.get('tool') ?? []).some(([tool]) => tool === name);

const oneOf = <T extends string>(value: string, known: readonly T[]): T | 'other' =>
  (known as readonly string[]).includes(value) ? (value as T) : 'other';

/** Seconds and, where date has them, nanoseconds; busybox's has none, so the middle of the second is the best guess. */
function parseClock(text: string): number {
  const [seconds, nanoseconds] = text.split(' ');
  return Number(seconds) * 1000 + (/^\d+$/.test(nanoseconds ?? '') ? Math.round(Number(nanoseconds) / 1e6) : 500);
}

/** `df -Pk / /var`: a head line, then one line each; the fourth column is what is free, in KiB. */
function parseFree(text: string): { root: number; var: number } {
  const [root = 0, varFree = root] = text
    .split('\n')
    .slice(1)
    .map((line) => Number(line.trim().split(/\s+/)[3] ?? 0) * KIB);
  return { root, var: varFree };
}

/** `unified` is 2 when the only tree is cgroup v2, 1 when it stands beside the old trees; `legacy`: there is an old memory tree. */
function parseCgroup(unified: string, legacy: string, controllers: string): Facts['cgroup'] {
  const hasMemory = controllers.split(' ').includes('memory');
  if (unified === '2') return { version: 2, memory: hasMemory };
  return { version: unified === '1' ? 'hybrid' : 1, memory: legacy === '1' };
}
