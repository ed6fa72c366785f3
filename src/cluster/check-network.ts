import { canonicalAddress, contains, overlap } from './address.ts';
import type { Draft } from './draft.ts';
import { type Findings, fileOrigin } from './findings.ts';
import { isMap, originAt } from './layers.ts';

/** Addresses that get into each other's way. */
export function checkNetwork(draft: Draft, findings: Findings): void {
  const network = draft.cluster?.network;
  if (network && overlap(network.clusterCidr, network.serviceCidr)) {
    const where = originAt(draft.clusterTree, ['network']);
    const serviceCidr = originAt(draft.clusterTree, ['network', 'serviceCidr']);
    findings.at(
      serviceCidr.kind === 'default' ? where : serviceCidr,
      `serviceCidr ${network.serviceCidr} and clusterCidr ${network.clusterCidr} overlap`,
    );
  }
  const { hosts } = draft.files;
  const seen = new Map<string, string>();
  for (const { name, address, endpoint } of addresses(draft)) {
    const origin = fileOrigin(hosts, 'hosts', name, 'address');
    const other = seen.get(endpoint);
    if (other !== undefined) findings.at(origin, `is the address of ${other} too`);
    else seen.set(endpoint, name);
    for (const key of ['clusterCidr', 'serviceCidr'] as const)
      if (network && contains(network[key], address)) findings.at(origin, `lies in network.${key} (${network[key]})`);
  }
}

/** Hosts with what tells their endpoints apart: two machines behind one address have ports of their own. */
function addresses(draft: Draft): { name: string; address: string; endpoint: string }[] {
  const data = draft.files.hosts.data;
  const hosts = isMap(data) && isMap(data.hosts) ? Object.entries(data.hosts) : [];
  return hosts.flatMap(([name, host]) => {
    if (!isMap(host) || typeof host.address !== 'string') return [];
    return [{ name, address: host.address, endpoint: `${canonicalAddress(host.address)} ${host.port ?? ''}` }];
  });
}
