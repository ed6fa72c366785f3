import { createHash } from 'node:crypto';

/** An IPv4 network as two numbers. */
interface Network {
  readonly base: number;
  readonly bits: number;
}

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** `10.1.2.3/24`, `10.1.2.3` or `default`; undefined for what is no IPv4 network. */
function parseNetwork(text: string): Network | undefined {
  const match = /^(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?$/.exec(text);
  return match?.[1] === undefined ? undefined : { base: toNumber(match[1]), bits: Number(match[2] ?? 32) };
}

function overlap(a: Network, b: Network): boolean {
  const size = 2 ** (32 - Math.min(a.bits, b.bits));
  return Math.floor(a.base / size) === Math.floor(b.base / size);
}

/**
 * The lab's /24 as its first three numbers (`10.77.3`): derived from the id so that it is the same on every day, moved on while it meets one of `taken`.
 * Between 10.64 and 10.127: outside K3s's 10.42 and 10.43 and of what home routers hand out.
 */
export function chooseSubnet(id: string, taken: readonly string[]): string {
  const networks = taken.map(parseNetwork).filter((network) => network !== undefined);
  const start = createHash('sha256').update(id).digest().readUInt16BE(0) % (64 * 256);
  for (let step = 0; step < 64 * 256; step++) {
    const slot = (start + step) % (64 * 256);
    const prefix = `10.${64 + Math.floor(slot / 256)}.${slot % 256}`;
    const candidate = { base: toNumber(`${prefix}.0`), bits: 24 };
    if (!networks.some((network) => overlap(candidate, network))) return prefix;
  }
  throw new RangeError('every /24 between 10.64.0.0 and 10.127.255.0 is in use on this machine');
}

/** Addresses for `names`: a node keeps the one it has, a new one gets the lowest free from .11 on. */
export function assignAddresses(
  prefix: string,
  known: ReadonlyMap<string, string>,
  names: readonly string[],
): Map<string, string> {
  const addresses = new Map(known);
  const used = new Set(addresses.values());
  for (const name of names) {
    if (addresses.has(name)) continue;
    let last = 11;
    while (used.has(`${prefix}.${last}`)) last++;
    if (last > 254) throw new RangeError(`the lab's network ${prefix}.0/24 has no address left for ${name}`);
    addresses.set(name, `${prefix}.${last}`);
    used.add(`${prefix}.${last}`);
  }
  return addresses;
}
