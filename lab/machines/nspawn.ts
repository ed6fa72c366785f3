import type { Lab } from './identity.ts';

/** Beside nspawn's own set. Not among them, and dropped to be sure: SYS_TIME (one clock for all) and SYS_MODULE. */
const CAPABILITIES = [
  'CAP_BLOCK_SUSPEND',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
  'CAP_IPC_LOCK',
  'CAP_MAC_ADMIN',
  'CAP_MAC_OVERRIDE',
  'CAP_NET_ADMIN',
  'CAP_PERFMON',
  'CAP_SYSLOG',
  'CAP_SYS_PACCT',
  'CAP_SYS_RAWIO',
  'CAP_WAKE_ALARM',
];

export interface Disk {
  /** The node's directory: `root` is the mounted system, `rancher` lies outside of the overlay. */
  directory: string;
  /** Shared cache of downloaded Debian packages. */
  debs: string;
  /** Directories of the machine that the node sees read-only, where they exist: /lib/modules. */
  readOnly: readonly string[];
}

/** Arguments of systemd-nspawn for a node that behaves like a machine: own init, own network on the lab's bridge, containers inside. */
export function nspawnArguments(lab: Lab, node: string, disk: Disk): string[] {
  return [
    '--quiet',
    '--settings=no',
    '--register=no',
    '--keep-unit',
    `--directory=${disk.directory}/root`,
    `--machine=${lab.machine(node)}`,
    `--hostname=${node}`,
    `--network-bridge=${lab.bridge}`,
    `--capability=${CAPABILITIES.join(',')}`,
    '--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE',
    '--system-call-filter=@keyring @mount @privileged bpf perf_event_open',
    '--resolv-conf=off',
    '--timezone=off',
    '--link-journal=no',
    '--console=pipe',
    '--bind=/dev/kmsg',
    `--bind=${disk.directory}/rancher:/var/lib/rancher`,
    `--bind=${disk.debs}:/var/cache/lab-debs`,
    ...disk.readOnly.map((path) => `--bind-ro=${path}`),
    '--boot',
  ];
}
