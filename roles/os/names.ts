import { isIP } from 'node:net';
import type { Cluster, Host } from '#src/cluster/cluster.ts';
import { command } from '#src/resource/command.ts';
import { hostname } from '#src/resource/hostname.ts';
import { hostsEntries } from '#src/resource/hosts-entries.ts';
import { type StepDraft, step } from '#src/role/step.ts';
import { sh } from '#src/shell/script.ts';
import type { OsVars } from './vars.ts';

/** The machine knows its own name and those of all others, DNS or not. Entries first: sudo asks for the host's own name. */
export function nameSteps(host: Host, vars: OsVars, cluster: Cluster): StepDraft[] {
  return [
    ...(vars.hostname || vars.hostsEntries ? [step(cloudInitKeepsOff(), { name: 'cloud-init-keeps-off' })] : []),
    ...(vars.hostsEntries ? [step(hostsEntries({ entries: entriesOf(cluster) }))] : []),
    ...(vars.hostname ? [step(hostname({ name: host.name }))] : []),
  ];
}

/** Address, full name, name: the first name is what `hostname -f` says. Hosts that are reached by a DNS name need no entry. Their order is not the inventory's. */
export const entriesOf = ({ hosts, network }: Cluster): { address: string; names: string[] }[] =>
  hosts
    .filter(({ address }) => isIP(address) !== 0)
    .toSorted((one, other) => one.address.localeCompare(other.address, 'en', { numeric: true }))
    .map(({ name, address }) => ({ address, names: [`${name}.${network.domain}`, name] }));

const CLOUD_INIT = '/etc/cloud/cloud.cfg.d';
const DROP_IN = `${CLOUD_INIT}/99-picluster.cfg`;
const SETTINGS = '# Written by picluster.\npreserve_hostname: true\nmanage_etc_hosts: false\n';

/** cloud-init, where it is installed, would set both back at the next start. */
const cloudInitKeepsOff = () =>
  command({
    title: 'cloud-init leaves host name and /etc/hosts alone',
    unless: sh`[ ! -d ${CLOUD_INIT} ] || [ "$(cat ${DROP_IN} 2>/dev/null; printf x)" = ${`${SETTINGS}x`} ]`,
    run: sh`printf %s ${SETTINGS} | place ${DROP_IN} 644 root root`,
  });
