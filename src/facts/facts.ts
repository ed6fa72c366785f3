export type Arch = 'amd64' | 'arm64' | 'arm';

/** What one host said about itself in one round trip. Times are milliseconds since the epoch; sizes are bytes. */
export interface Facts {
  hostname: string;
  machineId: string;
  bootId: string;
  arch: Arch;
  kernel: string;
  /** /etc/os-release: `debian`, `ubuntu`, `alpine`; `like` holds ID_LIKE's words. */
  os: { id: string; like: readonly string[]; versionId: string; codename: string; prettyName: string };
  init: 'systemd' | 'openrc' | 'other';
  packageManager: 'apt' | 'apk' | 'other';
  /** Raspberry Pi and others: the device tree's model; empty elsewhere. */
  model: string;
  /** `cmdline.txt` of a Raspberry Pi's firmware partition, when there is one. */
  firmwareCmdline: string | undefined;
  clock: { nodeMs: number; askedMs: number; answeredMs: number };
  cpus: number;
  memoryBytes: number;
  swapActive: boolean;
  freeBytes: { root: number; var: number };
  addresses: readonly string[];
  defaultRoute: { interface: string; gateway: string } | undefined;
  cgroup: { version: 1 | 2 | 'hybrid'; memory: boolean };
  /** Listening TCP ports with the process that holds them, as far as root can see. */
  listening: readonly { port: number; process: string }[];
  tools: { curl: boolean; wget: boolean; modprobe: boolean };
  k3s: {
    /** `v1.34.4+k3s1` of /usr/local/bin/k3s; undefined when there is none. */
    version: string | undefined;
    /** The etcd data directory has a write-ahead log: this server is initialised (reference: K3s looks at the same). */
    etcd: boolean;
    /** SHA-256 of server-ca.crt, hex: tells two clusters apart. */
    serverCa: string | undefined;
  };
  /** What the login user may do: true when root was reached. */
  isRoot: boolean;
}
