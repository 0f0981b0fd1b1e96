import ipaddr from 'ipaddr.js';

/** The wire server of Azure's machines: metadata behind a public-looking address. */
const METADATA = new Set(['168.63.129.16']);
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');

/**
 * Whether an address is out on the Internet. Private, loopback, link-local, shared, reserved and
 * multicast ranges are not, nor what carries such an IPv4 address inside an IPv6 one.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address) || METADATA.has(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).match(IPV4_COMPATIBLE)) return false;
  return parsed.range() === 'unicast' && !METADATA.has(parsed.toString());
}
