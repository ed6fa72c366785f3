import { BlockList, isIP } from 'node:net';
import { parseEndpoint } from '#src/endpoint.ts';

/** An IP address or a DNS name. What looks like an IPv4 address must be one. */
export function isAddress(text: string): boolean {
  if (isIP(text)) return true;
  return !/^[\d.]+$/.test(text) && isDnsName(text);
}

/** A host's name, an alias of ssh_config, or `[user@]address[:port]`. */
export function isJump(text: string): boolean {
  const address = parseEndpoint(text)?.address ?? '';
  return isIP(address) !== 0 || (/^[A-Za-z0-9][\w.-]*$/.test(address) && !/^[\d.]+$/.test(address));
}

/** A link-local IPv6 address (fe80::/10) means nothing without the interface behind `%` (RFC 4007). Others need none. */
export const hasZone = (text: string): boolean => text.includes('%') || !contains('fe80::/10', text);

/** The same for every spelling of an IPv6 address; everything else is itself. */
export function canonicalAddress(text: string): string {
  const [address = '', zone] = text.split('%');
  if (isIP(address) !== 6) return text;
  return [new URL(`http://[${address}]`).hostname.slice(1, -1), ...(zone === undefined ? [] : [zone])].join('%');
}

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** One or more labels, lower case (RFC 1123). */
export const isDnsName = (text: string): boolean => text.length <= 253 && text.split('.').every((label) => LABEL.test(label));

/** One label, lower case (RFC 1123): a host's or a node's name. */
export const isHostName = (text: string): boolean => LABEL.test(text);

interface Cidr {
  address: string;
  prefix: number;
  family: 'ipv4' | 'ipv6';
}

/** Undefined unless it is an address and a prefix length: `10.42.0.0/16`. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const version = isIP(address);
  const prefix = Number(length);
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(length) || prefix > (version === 4 ? 32 : 128)) return undefined;
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** The ranges share at least one address. */
export function overlap(a: string, b: string): boolean {
  const [first, second] = [parseCidr(a), parseCidr(b)];
  if (!first || !second || first.family !== second.family) return false;
  const [wide, narrow] = first.prefix <= second.prefix ? [first, second] : [second, first];
  return contains(`${wide.address}/${wide.prefix}`, narrow.address);
}

/** The address lies in the range. */
export function contains(cidr: string, address: string): boolean {
  const range = parseCidr(cidr);
  const version = isIP(address);
  if (!range || version === 0 || (version === 4) !== (range.family === 'ipv4')) return false;
  const list = new BlockList();
  list.addSubnet(range.address, range.prefix, range.family);
  return list.check(address, range.family);
}
