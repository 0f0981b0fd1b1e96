import type { Context } from '@insightdesk/shared/context';
import { LRUCache } from 'lru-cache';
import * as openid from 'openid-client';
import type { ProviderRow } from './tables.ts';

const REMEMBERED_MS = 600_000;
const known = new LRUCache<string, openid.ServerMetadata>({ max: 200, ttl: REMEMBERED_MS });

/** Talks to the provider through requests that cannot be turned against our own network. */
export async function createOpenidClient(
  ctx: Context,
  provider: ProviderRow,
): Promise<openid.Configuration> {
  const { issuer, clientId } = provider;
  const secret = ctx.security.secrets.decrypt(
    'oauth-client',
    provider.clientSecret,
    provider.tenantId,
  );
  // Plain HTTP is for tries only: the configuration refuses it elsewhere.
  ctx.security.outbound.check(issuer);
  const execute = issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [];
  const server = known.get(issuer);
  const fetch = toFetch(ctx);
  if (server) {
    const client = new openid.Configuration(server, clientId, secret);
    client[openid.customFetch] = fetch;
    for (const apply of [...execute, openid.enableNonRepudiationChecks]) apply(client);
    return client;
  }
  const client = await openid.discovery(new URL(issuer), clientId, secret, undefined, {
    [openid.customFetch]: fetch,
    execute: [...execute, openid.enableNonRepudiationChecks],
  });
  known.set(issuer, client.serverMetadata());
  return client;
}

const empty = new Set([204, 304]);

function toFetch({ security: { outbound } }: Context): openid.CustomFetch {
  return async (url, { method, headers, body }) => {
    const answer = await outbound(url, {
      method: method === 'POST' ? 'POST' : 'GET',
      headers: Object.fromEntries(new Headers(headers)),
      ...(body && { body: String(body) }),
    });
    const told = Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    );
    return new Response(empty.has(answer.status) ? null : answer.body, {
      status: answer.status,
      headers: told,
    });
  };
}
