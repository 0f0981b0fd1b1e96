import ipaddr from 'ipaddr.js';

const HOST_BITS_IPV6 = 64;

/** Whom an address stands for: itself, or the /64 of IPv6, of which everybody has plenty. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${HOST_BITS_IPV6}`);
  return `${network.toString()}/${HOST_BITS_IPV6}`;
}
