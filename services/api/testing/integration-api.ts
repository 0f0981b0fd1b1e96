import { expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Role, roles } from '@insightdesk/shared/contract';
import { createHealth, createMetrics } from '@insightdesk/shared/monitoring';
import { createTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { type AppOptions, createApp } from '../app.ts';
import type { Route } from '../route.ts';
import { routes } from '../routes.ts';
import { createConformance } from './conformance.ts';

export interface RequestOptions {
  as?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The whole API on real servers; every answer is checked against the API document. */
export function createIntegrationApi(
  rateLimit: AppOptions['config']['rateLimit'] = { windowMs: 60_000, maxRequests: 0 },
  more: Partial<AppOptions> = {},
  databaseUrl?: string,
) {
  const { context, config, log, parts, close } = createTestContext(databaseUrl);
  const options: AppOptions = {
    config: { http: config.http, rateLimit },
    log,
    tokens: context.security.tokens,
    context: (call) => ({ ...context, ...call }),
    valkey: parts.valkey,
    health: createHealth(),
    metrics: createMetrics({ service: 'api', replica: 'api-1' }),
    isReady: () => true,
    routes,
    ...more,
  };
  const app = createApp(options);
  const conformance = createConformance(routes);

  async function request(
    method: Route['method'],
    path: string,
    { as, body, headers }: RequestOptions = {},
  ) {
    const isJson = body !== undefined && !(body instanceof FormData);
    const response = await app.request(path, {
      method,
      headers: {
        ...(isJson && { 'Content-Type': 'application/json' }),
        ...(as && { Authorization: `Bearer ${as}` }),
        ...headers,
      },
      ...(body !== undefined && { body: isJson ? asText(body) : (body as FormData) }),
    });
    await conformance.check(requireRoute(method, path), response.clone() as Response);
    return response;
  }

  /** An organisation with one member of each role: their access tokens. */
  async function openTenant() {
    const { owner, member } = await createTestTenant(context);
    const tokens = {} as Record<Role, string>;
    for (const role of roles) {
      tokens[role] = await tokenOf(role === 'owner' ? owner : await member(role));
    }
    const newcomer = async (role: Role) => tokenOf(await member(role));
    return { ...tokens, newcomer };
  }

  return { app, options, context, parts, conformance, request, openTenant, close };
}

type IntegrationApi = ReturnType<typeof createIntegrationApi>;

/** The last test of a file: every good answer, and problem of a protocol, of the routes at or below these paths was seen. */
export function testDocumentedResponses({ conformance }: IntegrationApi, ...paths: string[]): void {
  test('every promised answer was seen', () => {
    expect(paths.flatMap(conformance.unseenBelow)).toEqual([]);
  });
}

const asText = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));

async function tokenOf({ security: { tokens }, tenantId, actor }: Context): Promise<string> {
  if (actor.kind !== 'user' || !tenantId) throw new Error('Nobody is signed in');
  const { userId, sessionId, role, restriction } = actor;
  return (await tokens.signAccess({ tenantId, userId, sessionId, role, restriction })).token;
}

function requireRoute(method: string, path: string): Route {
  const bare = path.split('?')[0] ?? '';
  const matches = (pattern: string) =>
    new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`).test(bare);
  const found = routes.filter((route) => route.method === method && matches(route.path));
  const exact = found.find((route) => route.path === bare) ?? found[0];
  if (!exact) throw new Error(`There is no route ${method} ${path}`);
  return exact;
}
