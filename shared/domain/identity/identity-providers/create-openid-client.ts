import type { Context } from '@insightdesk/shared/context';
import { LRUCache } from 'lru-cache';
import * as openid from 'openid-client';
import type { ProviderRow } from './tables.ts';

const METADATA_TTL_MS = 600_000;
const metadata = new LRUCache<string, openid.ServerMetadata>({ max: 200, ttl: METADATA_TTL_MS });

/** Its requests go through `safeFetch`, which protects the internal network (SSRF). */
export async function createOpenidClient(
  ctx: Context,
  provider: ProviderRow,
): Promise<openid.Configuration> {
  const { issuer, clientId } = provider;
  const secret = ctx.security.encryption.decrypt(
    'oauth-client',
    provider.clientSecret,
    provider.tenantId,
  );
  // Plain HTTP passes this check in development and tests only.
  ctx.security.safeFetch.check(issuer);
  const insecure = issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [];
  const server = metadata.get(issuer);
  const fetch = toFetch(ctx);
  if (server) {
    const client = new openid.Configuration(server, clientId, secret);
    client[openid.customFetch] = fetch;
    for (const apply of [...insecure, openid.enableNonRepudiationChecks]) apply(client);
    return client;
  }
  const client = await openid.discovery(new URL(issuer), clientId, secret, undefined, {
    [openid.customFetch]: fetch,
    execute: [...insecure, openid.enableNonRepudiationChecks],
  });
  metadata.set(issuer, client.serverMetadata());
  return client;
}

const STATUSES_WITHOUT_BODY = new Set([204, 304]);

function toFetch({ security: { safeFetch } }: Context): openid.CustomFetch {
  return async (url, { method, headers, body }) => {
    const response = await safeFetch(url, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      ...(body && { body: String(body) }),
    });
    const responseHeaders = Object.entries(response.headers).flatMap(
      ([name, value]): [string, string][] => (value === undefined ? [] : [[name, String(value)]]),
    );
    return new Response(STATUSES_WITHOUT_BODY.has(response.status) ? null : response.body, {
      status: response.status,
      headers: responseHeaders,
    });
  };
}
