import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from './env.ts';

const names: Record<string, string[]> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '169.254.0.0/16',
    'fc00::/7',
    'fe80::/10',
  ],
};

/** Proxies that are believed unless configured: those on this machine and in private networks. */
const usualProxies: readonly string[] = ['loopback', 'private'];

/** The range from which Railway's edge connects. */
const RAILWAY_EDGE = '100.64.0.0/10';

/**
 * Who says where a client is. `nginx`: X-Forwarded-For, from right to left, as far as proxies of ours
 * vouch for it. `fly`: Fly-Client-IP, and `railway`: X-Real-IP, which their edges set themselves
 * (https://fly.io/docs/networking/request-headers/, https://docs.railway.com/networking/public-networking/specs-and-limits).
 * `none`: the connection. `trusted` holds addresses, CIDR blocks, `loopback` and `private`: headers of
 * anybody else are not looked at.
 */
export type AddressSource =
  | { from: 'nginx' | 'fly' | 'railway'; trusted: readonly string[] }
  | { from: 'none' };

/** Gives a header of the request. */
type Header = (name: string) => string | undefined;

/** Finds out who calls, from the connection's peer and the request's headers. */
export type ReadAddress = (peer: string | undefined, header: Header) => string;

const behindNginx: AddressSource = { from: 'nginx', trusted: usualProxies };

/** Builds what finds out who calls; an address that is none is `unknown`. */
export function createAddressReader(source: AddressSource = behindNginx): ReadAddress {
  if (source.from === 'none') return (peer) => plain(peer ?? '') ?? 'unknown';
  const isRailway = source.from === 'railway';
  const proxies = toBlockList([...source.trusted, ...(isRailway ? [RAILWAY_EDGE] : [])]);
  const isProxy = (address: string) =>
    proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  const name = { nginx: 'X-Forwarded-For', fly: 'Fly-Client-IP', railway: 'X-Real-IP' }[
    source.from
  ];
  const isChain = source.from === 'nginx';
  return function readAddress(peer, header) {
    let client = plain(peer ?? '');
    if (client === undefined) return 'unknown';
    if (!isProxy(client)) return client;
    if (!isChain) return plain(header(name)?.trim() ?? '') ?? client;
    const hops = header(name)?.split(',') ?? [];
    while (hops.length > 0 && isProxy(client)) {
      const hop = plain(hops.pop()?.trim() ?? '');
      if (hop === undefined) break;
      client = hop;
    }
    return client;
  };
}

/** Remembers the client's address for the limits, logs and actions behind it. */
export function clientAddress(source?: AddressSource): MiddlewareHandler<HttpEnv> {
  const read = createAddressReader(source);
  return function clientAddress(c, next) {
    const peer = c.env?.requestIP?.(c.req.raw)?.address;
    c.set(
      'address',
      read(peer, (name) => c.req.header(name)),
    );
    return next();
  };
}

// An IPv4 address may arrive dressed as IPv6; what is no address at all is nobody's.
function plain(address: string): string | undefined {
  const bare = address.startsWith('::ffff:') ? address.slice(7) : address;
  return isIP(bare) === 0 ? undefined : bare;
}

function toBlockList(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of trusted.flatMap((name) => names[name] ?? [name])) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0) throw new ConfigurationError(`Not a proxy address: ${entry}`);
    const widest = family === 6 ? 128 : 32;
    list.addSubnet(
      address,
      bits === undefined ? widest : Number(bits),
      family === 6 ? 'ipv6' : 'ipv4',
    );
  }
  return list;
}
