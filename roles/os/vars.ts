import { z } from 'zod';

const on = (what: string) => z.boolean().default(true).describe(what);

const Ssh = z
  .strictObject({
    harden: on('Keys only, no root login; effective also against drop-ins'),
    permitRootLogin: z
      .enum(['no', 'prohibit-password'])
      .optional()
      .describe('Default: no; prohibit-password when picluster itself logs in as root'),
    settings: z
      .record(z.string().regex(/^(?!match$|include$)[a-z][a-z0-9]*$/i, 'a keyword of sshd_config'), z.string())
      .default({})
      .describe('More keywords of sshd_config'),
  })
  .prefault({});

const Journal = z
  .strictObject({
    systemMaxUse: z
      .string()
      .regex(/^\d+[KMGT]?$/)
      .default('500M')
      .describe('Disk that the journal may take'),
    maxRetention: z.string().default('1month').describe('Age at which entries go, as systemd.time(7) writes it'),
  })
  .prefault({});

const RaspberryPi = z
  .strictObject({
    packages: z.array(z.string()).optional().describe("Default: fake-hwclock, and on Ubuntu the kernel's extra modules"),
    reboot: on('Reboot when cmdline.txt or config.txt has changed, machines of a running cluster one after the other'),
    memoryCgroup: on('cgroup flags in cmdline.txt'),
    gpuMemory: z.int().min(16).max(1024).optional().describe('gpu_mem in config.txt, in MiB'),
  })
  .prefault({});

/** Variables of the role `os`. */
export const OsVars = z.strictObject({
  hostname: on('The name of the inventory, with network.domain as its domain'),
  hostsEntries: on('All hosts of the cluster in /etc/hosts'),
  timezone: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/, 'a time zone: Europe/Madrid')
    .default('Etc/UTC')
    .describe('A name of the time zone database'),
  locale: z
    .string()
    .regex(/^(?:C|POSIX|[a-z]{2,3}_[A-Z]{2})(?:\.[A-Za-z0-9-]+)?(?:@[a-z]+)?$/, 'a locale: en_US.UTF-8')
    .default('C.UTF-8')
    .describe('Locale of the system'),
  packages: z.array(z.string()).default(['ca-certificates', 'curl']).describe('Packages that every machine has'),
  removeSnapd: on('Snaps and snapd are removed where they are'),
  ssh: Ssh.describe('The SSH server'),
  kubernetes: on('Kernel modules and parameters that Kubernetes needs'),
  ipv6: on('IPv6 is forwarded too; false where the kernel has none'),
  modules: z
    .array(z.string().regex(/^[\w-]+$/))
    .default([])
    .describe('More kernel modules'),
  sysctl: z
    .record(z.string().regex(/^[\w./-]+$/), z.union([z.string(), z.int()]))
    .default({})
    .describe('More kernel parameters; they win over those for Kubernetes'),
  swapOff: on('No swap, neither now nor after a reboot'),
  journal: Journal.describe('Limits of the system journal'),
  multipathBlacklist: on('multipathd leaves plain disks alone, where it is installed: Longhorn needs them'),
  raspberryPi: RaspberryPi.describe('Raspberry Pi only'),
});

export type OsVars = z.infer<typeof OsVars>;
