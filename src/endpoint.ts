/** Where a machine is reached: `pi@bastion:2222`, `[fe80::1%eth0]:22`. What is not said is left open. */
export interface Endpoint {
  user?: string;
  address: string;
  port?: number;
}

/** As ssh writes the word of ProxyJump: `[user@]address[:port]` or `ssh://...`; IPv6 in brackets when a port follows. Undefined when it is none. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, user, bracketed, plain, port] =
    /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^\s[\]@]+?))(?::(\d+))?\/?$/.exec(text) ?? [];
  // Without brackets, what follows the last colon of an IPv6 address is no port.
  const isBareIpv6 = plain !== undefined && port !== undefined && plain.includes(':');
  const address = bracketed ?? (isBareIpv6 ? `${plain}:${port}` : plain);
  if (address === undefined) return undefined;
  const number = isBareIpv6 || port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65535)) return undefined;
  return { ...(user !== undefined && { user }), address, ...(number !== undefined && { port: number }) };
}

/** For people: IPv6 addresses in brackets, as everywhere a port follows. */
export const showEndpoint = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`;
