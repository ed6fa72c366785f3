import { readFile, writeFile } from 'node:fs/promises';
import type { Lab } from './identity.ts';
import { run, succeeds } from './run.ts';

interface Rule {
  table: 'nat' | 'filter';
  chain: string;
  match: readonly string[];
}

function rules(lab: Lab, subnet: string): Rule[] {
  const net = `${subnet}.0/24`;
  return [
    { table: 'nat', chain: 'POSTROUTING', match: ['-s', net, '!', '-d', net, '-j', 'MASQUERADE'] },
    { table: 'filter', chain: 'FORWARD', match: ['-i', lab.bridge, '-j', 'ACCEPT'] },
    { table: 'filter', chain: 'FORWARD', match: ['-o', lab.bridge, '-j', 'ACCEPT'] },
  ];
}

/** Bridge, addresses, forwarding and address translation; what is there stays. Returns what had to be made, for people. */
export async function ensureNetwork(lab: Lab, subnet: string, signal?: AbortSignal): Promise<string[]> {
  const made: string[] = [];
  if (!(await succeeds('ip', ['link', 'show', lab.bridge], signal))) {
    await run('ip', ['link', 'add', lab.bridge, 'type', 'bridge', 'forward_delay', '0'], { signal });
    made.push(`bridge ${lab.bridge} with ${subnet}.1/24`);
  }
  await run('ip', ['addr', 'replace', `${subnet}.1/24`, 'dev', lab.bridge], { signal });
  await run('ip', ['link', 'set', lab.bridge, 'up'], { signal });
  for (const { table, chain, match } of rules(lab, subnet)) {
    const rule = [chain, ...match, '-m', 'comment', '--comment', lab.mark];
    if (await succeeds('iptables', ['-w', '-t', table, '-C', ...rule], signal)) continue;
    // first in the chain: a container engine's own rules may drop what is not its own
    await run('iptables', ['-w', '-t', table, '-I', ...rule], { signal });
    made.push(`iptables rule ${table}/${chain}`);
  }
  return [...made, ...(await raiseKernelParameters())];
}

/** What all machines of all labs share: forwarding, and inotify instances (128 are used up by the fifth machine; containerd then starts without CRI). */
const KERNEL_PARAMETERS = { 'net/ipv4/ip_forward': 1, 'fs/inotify/max_user_instances': 8192 };

/** Raises what is too low on this machine; says what it raised, and that it stays. */
async function raiseKernelParameters(): Promise<string[]> {
  const raised: string[] = [];
  for (const [parameter, least] of Object.entries(KERNEL_PARAMETERS)) {
    const file = `/proc/sys/${parameter}`;
    if (Number(await readFile(file, 'utf8')) >= least) continue;
    await writeFile(file, String(least));
    raised.push(`${parameter.replaceAll('/', '.')}=${least} on this machine (it stays)`);
  }
  return raised;
}

/** Arguments that delete each rule carrying `mark`, from the output of `iptables -S`. */
export function deletions(listing: string, mark: string): string[][] {
  return listing
    .split('\n')
    .filter((line) => line.startsWith('-A ') && line.split(' ').some((word) => word.replaceAll('"', '') === mark))
    .map((line) => [
      '-D',
      ...line
        .slice(3)
        .split(' ')
        .map((word) => word.replaceAll('"', '')),
    ]);
}

export async function removeNetwork(lab: Lab): Promise<void> {
  for (const table of ['nat', 'filter']) {
    for (const rule of deletions(await run('iptables', ['-w', '-t', table, '-S']), lab.mark)) {
      await run('iptables', ['-w', '-t', table, ...rule]);
    }
  }
  if (await succeeds('ip', ['link', 'show', lab.bridge])) await run('ip', ['link', 'delete', lab.bridge]);
}

/** Networks and addresses this machine uses already: interfaces, routes, name servers. */
export async function usedNetworks(lab: Lab): Promise<string[]> {
  const addresses = JSON.parse(await run('ip', ['-j', 'addr'])) as {
    ifname: string;
    addr_info: { local: string; prefixlen: number }[];
  }[];
  const routes = JSON.parse(await run('ip', ['-j', 'route', 'show', 'table', 'all'])) as { dst: string; dev?: string }[];
  const servers = (await readFile('/etc/resolv.conf', 'utf8').catch(() => '')).match(/(?<=^nameserver\s+)\S+/gm) ?? [];
  return [
    ...addresses
      .filter((link) => link.ifname !== lab.bridge)
      .flatMap((link) => link.addr_info.map((addr) => `${addr.local}/${addr.prefixlen}`)),
    ...routes.filter((route) => route.dev !== lab.bridge).map((route) => route.dst),
    ...servers,
  ];
}
