import type { Facts } from './facts.ts';

/** Interfaces that container engines and CNIs make: their addresses are alike on every host, and no way to it. */
const VIRTUAL =
  /^(lo|docker\d|br-[0-9a-f]{6}|veth|cni\d|cbr\d|flannel|cali|vxlan\.calico|tunl\d|cilium|lxc|kube-|nodelocaldns|virbr|dummy)/;

/** Global addresses of the host's own interfaces out of `ip -o addr show`, in its order. */
export function parseAddresses(text: string): string[] {
  const addresses: string[] = [];
  for (const line of text.split('\n')) {
    const [, name, address] = /^\d+:\s+(\S+)\s+inet6?\s+([0-9a-f.:]+)/i.exec(line.trim()) ?? [];
    if (name === undefined || address === undefined || VIRTUAL.test(name)) continue;
    if (/scope (link|host)/.test(line) || /^(127\.|169\.254\.|::1$|fe80:)/i.test(address)) continue;
    addresses.push(address);
  }
  return addresses;
}

/** Of the lines of /proc/net/route that lead everywhere, the one with the lowest metric. The gateway is little-endian hex there. */
export function parseDefaultRoute(routes: readonly (readonly string[])[]): Facts['defaultRoute'] {
  const [best] = [...routes].sort((a, b) => Number(a[2]) - Number(b[2]));
  if (!best?.[0] || !best[1]) return undefined;
  const gateway = best[1]
    .match(/../g)
    ?.reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
  return { interface: best[0], gateway: gateway ?? '' };
}

/** `ss -Hltnp` or busybox's `netstat -ltnp`; one entry per port and process. */
export function parseListening(text: string): { port: number; process: string }[] {
  const found = new Map<string, { port: number; process: string }>();
  for (const line of text.split('\n')) {
    if (!/^(LISTEN|tcp)/.test(line)) continue;
    const words = line.trim().split(/\s+/);
    const port = Number(/:(\d+)$/.exec(words[3] ?? '')?.[1]);
    if (!port) continue;
    const names = [...line.matchAll(/\("([^"]+)",pid=/g)].map((match) => match[1] ?? '');
    const netstat = /^\d+\/([^\s:]+)/.exec(words[6] ?? '')?.[1];
    for (const process of names.length > 0 ? names : [netstat ?? '']) found.set(`${port} ${process}`, { port, process });
  }
  return [...found.values()].sort((a, b) => a.port - b.port);
}
