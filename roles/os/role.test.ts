import { describe, expect, it } from 'vitest';
import { named, names, specOf, stepsOf, testCluster, textOf } from '../testing.ts';
import role from './role.ts';

const one = (vars: object = {}, user = 'admin') => testCluster({ n1: { vars: { os: vars }, user }, n2: {} });
const list = (vars: object = {}, facts = {}): string[] => names(stepsOf(role, one(vars), 'n1', facts));
const PI = { model: 'Raspberry Pi 4 Model B Rev 1.4', firmwareCmdline: '/boot/firmware/cmdline.txt' };
const UBUNTU = { id: 'ubuntu', like: ['debian'], versionId: '22.04', codename: 'jammy', prettyName: 'Ubuntu 22.04' };

it('is a list in this order', () => {
  expect(list()).toEqual([
    'cloud-init-keeps-off',
    'hosts-entries:/etc/hosts',
    'hostname:hostname',
    'package:ca-certificates,curl',
    'timezone:timezone',
    'locale:locale',
    'no-snaps',
    'package:snapd',
    'operator-has-key',
    'directory:/etc/ssh/sshd_config.d',
    'file:/etc/ssh/sshd_config.d/00-picluster.conf',
    'drop-ins-first',
    'sshd-hardened',
    'service:ssh',
    'module:br_netfilter',
    'module:overlay',
    'sysctl:net.ipv4.ip_forward',
    'sysctl:net.bridge.bridge-nf-call-iptables',
    'sysctl:fs.inotify.max_user_instances',
    'sysctl:fs.inotify.max_user_watches',
    'sysctl:vm.overcommit_memory',
    'sysctl:kernel.panic',
    'sysctl:kernel.panic_on_oops',
    'sysctl:net.ipv6.conf.all.forwarding',
    'sysctl:net.bridge.bridge-nf-call-ip6tables',
    'no-swap-makers',
    'swap:swap',
    'directory:/etc/systemd/journald.conf.d',
    'file:/etc/systemd/journald.conf.d/90-picluster.conf',
    'service:systemd-journald',
    'multipath-blacklist',
  ]);
});

it.each([
  [{ hostname: false, hostsEntries: false }, ['cloud-init-keeps-off', 'hosts-entries:/etc/hosts', 'hostname:hostname']],
  [{ packages: [] }, ['package:ca-certificates,curl']],
  [{ removeSnapd: false }, ['no-snaps', 'package:snapd']],
  [
    { ssh: { harden: false } },
    [
      'operator-has-key',
      'directory:/etc/ssh/sshd_config.d',
      'file:/etc/ssh/sshd_config.d/00-picluster.conf',
      'drop-ins-first',
      'sshd-hardened',
      'service:ssh',
    ],
  ],
  [{ ipv6: false }, ['sysctl:net.ipv6.conf.all.forwarding', 'sysctl:net.bridge.bridge-nf-call-ip6tables']],
  [{ swapOff: false }, ['no-swap-makers', 'swap:swap']],
  [{ multipathBlacklist: false }, ['multipath-blacklist']],
])('%j leaves out exactly its part', (vars, gone) => {
  const left = list(vars);
  expect(list().filter((name) => !left.includes(name))).toEqual(gone);
});

it.each([
  [{ timezone: 'Europe/Madrid' }, ['package:tzdata']],
  [{ locale: 'es_ES.UTF-8' }, ['package:locales']],
  [{ modules: ['iscsi_tcp'] }, ['module:iscsi_tcp']],
  [{ sysctl: { 'vm.swappiness': 1 } }, ['sysctl:vm.swappiness']],
])('%j adds exactly its part', (vars, added) => {
  const before = list();
  expect(list(vars).filter((name) => !before.includes(name))).toEqual(added);
});

it('a kernel parameter of the inventory wins', () => {
  const steps = stepsOf(role, one({ sysctl: { 'kernel.panic': 3 } }), 'n1');
  expect(specOf(named(steps, 'sysctl:kernel.panic')).value).toBe('3');
});

it('every host of the cluster is in /etc/hosts, reached by address', () => {
  const cluster = testCluster({ n1: {}, n2: {}, far: { address: 's3.example.com' } });
  expect(specOf(named(stepsOf(role, cluster, 'n1'), 'hosts-entries:/etc/hosts')).entries).toEqual([
    { address: '10.0.0.11', names: ['n1.picluster.example.com', 'n1'] },
    { address: '10.0.0.12', names: ['n2.picluster.example.com', 'n2'] },
  ]);
});

it.each([
  ['a person logs in', {}, 'admin', 'PermitRootLogin no'],
  ['picluster logs in as root', {}, 'root', 'PermitRootLogin without-password'],
  ['keys of root are allowed', { permitRootLogin: 'prohibit-password' }, 'admin', 'PermitRootLogin without-password'],
])('root login: %s', (_, ssh, user, line) => {
  const text = textOf(stepsOf(role, one({ ssh }, user), 'n1'), '/etc/ssh/sshd_config.d/00-picluster.conf');
  expect(text.split('\n')).toContain(line);
  expect(text.split('\n')).toContain('PasswordAuthentication no');
});

it('refuses to lock itself out', () => {
  expect(() => stepsOf(role, one({ ssh: { permitRootLogin: 'no' } }, 'root'), 'n1')).toThrow('would lock picluster out');
});

it("the operator's own keywords win, each once", () => {
  const settings = { X11Forwarding: 'yes', AllowUsers: 'admin ops' };
  const text = textOf(stepsOf(role, one({ ssh: { settings } }), 'n1'), '/etc/ssh/sshd_config.d/00-picluster.conf');
  expect(text.split('\n').filter((line) => /X11|AllowUsers/.test(line))).toEqual(['X11Forwarding yes', 'AllowUsers admin ops']);
});

it.each([
  ['no Raspberry Pi', {}, []],
  ['Raspberry Pi OS', PI, ['raspberry-pi-packages', 'memory-cgroup', 'reboot']],
  ['without a firmware partition', { model: PI.model }, ['raspberry-pi-packages']],
])('Raspberry Pi: %s', (_, facts, added) => {
  const before = list();
  expect(list({}, facts).filter((name) => !before.includes(name))).toEqual(added);
});

it('Ubuntu on a Raspberry Pi gets the modules that its kernel leaves out', () => {
  const steps = stepsOf(role, one({ raspberryPi: { gpuMemory: 16 } }), 'n1', { ...PI, os: UBUNTU });
  expect(specOf(named(steps, 'raspberry-pi-packages')).names).toContain('linux-modules-extra-raspi');
  expect(names(steps)).toContain('gpu-memory');
});

describe('on Alpine', () => {
  const ALPINE = { os: { id: 'alpine', like: [], versionId: '3.22.1', codename: '', prettyName: 'Alpine Linux v3.22' } };
  const alpine = { ...ALPINE, init: 'openrc' as const, packageManager: 'apk' as const };

  it('names and parts are its own: no journal, no locales, no GSSAPI', () => {
    const steps = stepsOf(role, one(), 'n1', alpine);
    expect(names(steps).filter((name) => !names(stepsOf(role, one(), 'n1')).includes(name))).toEqual([
      'service:sshd',
      'service:zram-init',
    ]);
    expect(names(stepsOf(role, one(), 'n1')).filter((name) => !names(steps).includes(name))).toEqual([
      'locale:locale',
      'service:ssh',
      'no-swap-makers',
      'directory:/etc/systemd/journald.conf.d',
      'file:/etc/systemd/journald.conf.d/90-picluster.conf',
      'service:systemd-journald',
    ]);
    expect(textOf(steps, '/etc/ssh/sshd_config.d/00-picluster.conf')).not.toContain('GSSAPI');
  });

  it('a locale that musl does not have is refused', () => {
    expect(() => list({ locale: 'es_ES.UTF-8' }, alpine)).toThrow(
      'os.locale: es_ES.UTF-8 is not to be had on Alpine Linux v3.22',
    );
  });
});
