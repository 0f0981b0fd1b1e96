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
export const usualProxies: readonly string[] = ['loopback', 'private'];

/**
 * Finds out who calls. `X-Forwarded-For` is read from right to left, and only as far as proxies of
 * ours vouch for it. `trusted` holds addresses, CIDR blocks, `loopback` and `private`.
 */
export function createAddressReader(trusted: readonly string[] = usualProxies) {
  const proxies = toBlockList(trusted);
  const isProxy = (address: string) =>
    proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return function clientAddress(peer: string | undefined, forwardedFor: string | undefined) {
    let client = plain(peer ?? '');
    if (client === undefined) return 'unknown';
    const hops = forwardedFor?.split(',') ?? [];
    while (hops.length > 0 && isProxy(client)) {
      const hop = plain(hops.pop()?.trim() ?? '');
      if (hop === undefined) break;
      client = hop;
    }
    return client;
  };
}

/** Remembers the client's address for the limits, logs and actions behind it. */
export function clientAddress(trusted?: readonly string[]): MiddlewareHandler<HttpEnv> {
  const read = createAddressReader(trusted);
  return function clientAddress(c, next) {
    const peer = c.env?.requestIP?.(c.req.raw)?.address;
    c.set('address', read(peer, c.req.header('X-Forwarded-For')));
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
