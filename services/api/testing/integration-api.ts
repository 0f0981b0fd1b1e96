import { expect, test } from 'bun:test';
import { type Role, roles } from '@insightdesk/shared/contract';
import { createHealth, createMetrics } from '@insightdesk/shared/monitoring';
import { createTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { type AppOptions, createApp } from '../app.ts';
import type { Route } from '../route.ts';
import { routes } from '../routes.ts';
import { accessTokenOf } from './access-token.ts';
import { createConformance } from './conformance.ts';
import { type TestedFeature, testedPaths } from './tested-paths.ts';

export interface RequestOptions {
  as?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The API with PostgreSQL and Valkey; validates every response against the OpenAPI document. */
export function createIntegrationApi(
  rateLimit: AppOptions['config']['rateLimit'] = { windowMs: 60_000, maxRequests: 0 },
  overrides: Partial<AppOptions> = {},
  databaseUrl?: string,
) {
  const { context, config, log, container, close } = createTestContext(databaseUrl);
  const options: AppOptions = {
    config: { http: config.http, rateLimit },
    log,
    tokens: context.security.tokens,
    context: (call) => ({ ...context, ...call }),
    valkey: container.valkey,
    health: createHealth(),
    metrics: createMetrics({ service: 'api', replica: 'api-1' }),
    isReady: () => true,
    routes,
    ...overrides,
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

  /** An organization with one member of each role: their access tokens. */
  async function createTenant() {
    const { owner, member } = await createTestTenant(context);
    const tokens = {} as Record<Role, string>;
    for (const role of roles) {
      tokens[role] = await accessTokenOf(role === 'owner' ? owner : await member(role));
    }
    const addMember = async (role: Role) => accessTokenOf(await member(role));
    return { ...tokens, addMember };
  }

  return { app, options, context, container, conformance, request, createTenant, close };
}

export type IntegrationApi = ReturnType<typeof createIntegrationApi>;
export type TestTenant = Awaited<ReturnType<IntegrationApi['createTenant']>>;

/** The last test of a file: its tests have received every documented response of the feature. */
export function testDocumentedResponses(
  { conformance }: IntegrationApi,
  feature: TestedFeature,
): void {
  test(`${feature}: every documented response was received`, () => {
    const paths: readonly string[] = testedPaths[feature];
    expect(paths.flatMap(conformance.findUnseenBelow)).toEqual([]);
  });
}

const asText = (body: unknown) => (typeof body === 'string' ? body : JSON.stringify(body));

function requireRoute(method: string, path: string): Route {
  const pathname = path.split('?')[0] ?? '';
  const matches = (pattern: string) =>
    new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`).test(pathname);
  const matching = routes.filter((route) => route.method === method && matches(route.path));
  const route = matching.find((one) => one.path === pathname) ?? matching[0];
  if (!route) throw new Error(`Unknown route ${method} ${path}`);
  return route;
}
