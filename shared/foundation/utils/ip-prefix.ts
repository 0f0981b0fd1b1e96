import ipaddr from 'ipaddr.js';

/**
 * The key that limits count an address by: an IPv4 address itself, or the /64 of an IPv6 address,
 * because one customer has a whole /64. Text that is not an address is returned unchanged.
 */
export function ipPrefix(address: string): string {
  if (!address.includes(':') || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0])}/64`;
}
