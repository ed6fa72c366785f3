import { module } from '#src/resource/module.ts';
import { sysctl } from '#src/resource/sysctl.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import type { OsVars } from './vars.ts';

const KUBERNETES_MODULES = ['br_netfilter', 'overlay'];

/** Packets between pods pass the node and its rules; kubelet insists on the last three; file watchers are many. */
const KUBERNETES_SYSCTLS: Readonly<Record<string, string | number>> = {
  'net.ipv4.ip_forward': 1,
  'net.bridge.bridge-nf-call-iptables': 1,
  'fs.inotify.max_user_instances': 8192,
  'fs.inotify.max_user_watches': 524288,
  'vm.overcommit_memory': 1,
  'kernel.panic': 10,
  'kernel.panic_on_oops': 1,
};

const IPV6_SYSCTLS = { 'net.ipv6.conf.all.forwarding': 1, 'net.bridge.bridge-nf-call-ip6tables': 1 };

/** Modules first: net.bridge.* exist only with br_netfilter. */
export function kernelSteps(vars: OsVars): StepDraft[] {
  const modules = new Set([...(vars.kubernetes ? KUBERNETES_MODULES : []), ...vars.modules]);
  const sysctls = {
    ...(vars.kubernetes ? KUBERNETES_SYSCTLS : {}),
    ...(vars.kubernetes && vars.ipv6 ? IPV6_SYSCTLS : {}),
    ...vars.sysctl,
  };
  return [
    ...[...modules].map((name) => step(module({ name }))),
    ...Object.entries(sysctls).map(([key, value]) => step(sysctl({ key, value: String(value) }))),
  ];
}
