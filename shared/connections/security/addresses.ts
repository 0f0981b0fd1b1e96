import ipaddr from 'ipaddr.js';

/** The wire server of Azure's machines: metadata behind a public-looking address. */
const METADATA = new Set(['168.63.129.16']);
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96');

const HOST_BITS_IPV6 = 64;

/** Whom an address stands for: itself, or the /64 of IPv6, of which everybody has plenty. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${HOST_BITS_IPV6}`);
  return `${network.toString()}/${HOST_BITS_IPV6}`;
}

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
