import type { Connections, Context } from '@insightdesk/shared/context';
import type { Role } from '@insightdesk/shared/contract';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { createHealth, createMetrics } from '@insightdesk/shared/monitoring';
import { newId } from '@insightdesk/shared/utils';
import { type AppOptions, createApp } from '../app.ts';
import type { Route } from '../route.ts';

interface RequestOptions {
  body?: unknown;
  token?: Role | 'expired';
  headers?: Record<string, string>;
}

/** An API with the given routes and a stub context, without a database; a token is the name of a role. */
export function createTestApi(
  routes: readonly Route[],
  config: Partial<AppOptions['config']> = {},
  overrides: Partial<AppOptions> = {},
) {
  const tenantId = newId('org');
  const logLines: Record<string, unknown>[] = [];
  const write = (fields: object, msg: string) => logLines.push({ ...fields, msg });
  const log = { info: write, error: write } as unknown as Context['log'];
  const settings = { publicUrl: 'https://desk.example' };
  const limits = { maxFileBytes: 1_000_000 };
  const app = createApp({
    config: {
      http: {
        publicUrl: settings.publicUrl,
        filesUrl: settings.publicUrl,
        corsOrigins: ['https://app.example'],
        jsonLimitBytes: 1_000,
        clientAddress: { from: 'nginx', trusted: ['loopback'] },
      },
      rateLimit: { windowMs: 60_000, maxRequests: 0 },
      ...config,
    },
    log,
    tokens: roleTokens(tenantId),
    context: (call) => ({ ...call, log, settings, limits }) as unknown as Context,
    health: createHealth(),
    metrics: createMetrics({ service: 'api', replica: 'api-1' }),
    isReady: () => true,
    routes,
    ...overrides,
  });
  const request = (
    method: string,
    path: string,
    { body, token, headers = {} }: RequestOptions = {},
  ) => {
    const isText = typeof body === 'string' || body === undefined;
    return app.request(path, {
      method,
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
    });
  };
  return { app, request, logLines, tenantId };
}

function roleTokens(tenantId: `org_${string}`): Connections['security']['tokens'] {
  const claims = { tenantId, userId: newId('usr'), sessionId: newId('ses') } as const;
  return {
    listPublicKeys: () => [],
    signAccess: async ({ role }) => ({ token: role, expiresIn: 900 }),
    verifyAccess: async (token) => {
      if (token === 'expired')
        throw new UnauthenticatedError('Token expired', { code: 'TOKEN_EXPIRED' });
      return { kind: 'user', ...claims, role: token as Role, expiresAt: Date.now() + 900_000 };
    },
  };
}
