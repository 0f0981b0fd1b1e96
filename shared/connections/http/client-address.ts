import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import type { HttpEnv } from './http-env.ts';

const proxyRanges: Record<string, string[]> = {
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

/** Default trusted proxies: this machine and private networks. */
const defaultProxies: readonly string[] = ['loopback', 'private'];

/** Address range of Railway's edge. */
const RAILWAY_EDGE = '100.64.0.0/10';

/**
 * Source of the client address. `nginx`: X-Forwarded-For, from right to left, as long as the hops are
 * trusted proxies. `fly`: Fly-Client-IP, and `railway`: X-Real-IP, which their edges set
 * (https://fly.io/docs/networking/request-headers/, https://docs.railway.com/networking/public-networking/specs-and-limits).
 * `none`: the connection. `trusted` has addresses, CIDR blocks, `loopback` and `private`; headers from
 * other peers are ignored.
 */
export type AddressSource =
  | { from: 'nginx' | 'fly' | 'railway'; trusted: readonly string[] }
  | { from: 'none' };

/** Returns a header of the request. */
type GetHeader = (name: string) => string | undefined;

/** Returns the client address, from the peer of the connection and the headers of the request. */
export type ReadAddress = (peer: string | undefined, header: GetHeader) => string;

const behindNginx: AddressSource = { from: 'nginx', trusted: defaultProxies };

/** Builds the reader of client addresses; an invalid address is `unknown`. */
export function createAddressReader(source: AddressSource = behindNginx): ReadAddress {
  if (source.from === 'none') return (peer) => parseAddress(peer ?? '') ?? 'unknown';
  const isRailway = source.from === 'railway';
  const proxies = toBlockList([...source.trusted, ...(isRailway ? [RAILWAY_EDGE] : [])]);
  const isProxy = (address: string) =>
    proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  const name = { nginx: 'X-Forwarded-For', fly: 'Fly-Client-IP', railway: 'X-Real-IP' }[
    source.from
  ];
  const isChain = source.from === 'nginx';
  return function readAddress(peer, header) {
    let client = parseAddress(peer ?? '');
    if (client === undefined) return 'unknown';
    if (!isProxy(client)) return client;
    if (!isChain) return parseAddress(header(name)?.trim() ?? '') ?? client;
    const hops = header(name)?.split(',') ?? [];
    while (hops.length > 0 && isProxy(client)) {
      const hop = parseAddress(hops.pop()?.trim() ?? '');
      if (hop === undefined) break;
      client = hop;
    }
    return client;
  };
}

/** Sets the client address for rate limits, logs and actions. */
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

// IPv4-mapped IPv6 addresses become IPv4.
function parseAddress(address: string): string | undefined {
  const bare = address.startsWith('::ffff:') ? address.slice(7) : address;
  return isIP(bare) === 0 ? undefined : bare;
}

function toBlockList(trusted: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of trusted.flatMap((name) => proxyRanges[name] ?? [name])) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address);
    if (family === 0) throw new ConfigurationError(`Invalid proxy address ${entry}`);
    const allBits = family === 6 ? 128 : 32;
    list.addSubnet(
      address,
      bits === undefined ? allBits : Number(bits),
      family === 6 ? 'ipv6' : 'ipv4',
    );
  }
  return list;
}
