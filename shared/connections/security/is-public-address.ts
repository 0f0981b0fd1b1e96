import ipaddr from 'ipaddr.js';

/** Azure's WireServer: metadata behind a public address. */
const METADATA = new Set(['168.63.129.16']);
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');

/**
 * Whether an address is public. Private, loopback, link-local, shared, reserved and multicast ranges
 * are not, also as IPv4 inside IPv6.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || METADATA.has(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).match(IPV4_COMPATIBLE)) return false;
  return parsed.range() === 'unicast' && !METADATA.has(parsed.toString());
}
