import type { Facts } from '#src/facts/facts.ts';

/** Where distributions differ in names and in what there is: data, so that roles need no branches. */
export interface Distribution {
  services: { ssh: string; chrony: string };
  /** What brings useradd, usermod, groupadd. */
  accountTools: readonly string[];
  /** Of people, when they name none. */
  loginShell: string;
  /** False: the C library has C.UTF-8 and nothing else (musl). */
  hasLocales: boolean;
  /** False: OpenSSH is built without it, and sshd neither takes nor says its keyword. */
  hasGssapi: boolean;
  /** Keeps the time of the last shutdown on machines whose clock has no battery; empty where the init system does. */
  fakeClock: readonly string[];
}

const DEBIAN: Distribution = {
  services: { ssh: 'ssh', chrony: 'chrony' },
  accountTools: [],
  loginShell: '/bin/bash',
  hasLocales: true,
  hasGssapi: true,
  fakeClock: ['fake-hwclock'],
};

const ALPINE: Distribution = {
  services: { ssh: 'sshd', chrony: 'chronyd' },
  accountTools: ['shadow'],
  loginShell: '/bin/ash',
  hasLocales: false,
  hasGssapi: false,
  fakeClock: [],
};

/** By what brings its packages: derivatives name themselves as they like. */
export const distributionOf = (facts: Facts): Distribution => (facts.packageManager === 'apk' ? ALPINE : DEBIAN);
