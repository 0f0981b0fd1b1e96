import { z } from 'zod';
import type { Route } from '../route.ts';
import { headerRefs, rateLimitHeaders } from './describe-headers.ts';
import { describeRoute, tagOf } from './describe-route.ts';
import { createSchemas, type Json, type Schemas } from './schemas.ts';

const description =
  'Errors are problem documents (RFC 9457) with a stable `code`; `docs/errors.md` in the source lists them. ' +
  'Lists take `limit` and `cursor` and return `items` and `nextCursor`. Resources you cannot access ' +
  'return 404. Requests are limited per address, user and organization; 429 and 503 have `Retry-After`.';

/** The OpenAPI 3.1 document of the routes, generated from the schemas of their actions. */
export function describeApi(routes: readonly Route[], { publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'InsightDesk',
      version: '1',
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      contact: { name: 'Operator of this installation', url: publicUrl },
    },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    tags: [...new Set([...routes.map(tagOf), 'health'])].map((name) => ({ name })),
    paths: { ...paths, ...healthPaths(schemas) },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An access token or an API key' },
      },
      headers: rateLimitHeaders,
      responses: {
        Problem: problemResponse(schemas, ['RateLimit', 'RateLimit-Policy']),
        ProblemWithRetry: problemResponse(schemas, [
          'RateLimit',
          'RateLimit-Policy',
          'Retry-After',
        ]),
      },
      schemas: schemas.named(),
    },
  };
}

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable, machine-readable'),
    detail: z.string().describe('Explanation of this occurrence'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    requestId: z.string(),
  })
  .meta({ id: 'Problem' });

const report = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    checks: z.record(
      z.string(),
      z.object({
        healthy: z.boolean(),
        latencyMs: z.number(),
        error: z.enum(['timeout', 'unreachable']).optional(),
      }),
    ),
  })
  .meta({ id: 'HealthReport' });

/** The response of every failed request. */
const problemResponse = (schemas: Schemas, headers: string[]): Json => ({
  description: 'Problem document',
  headers: headerRefs(headers),
  content: { 'application/problem+json': { schema: schemas.of(problem) } },
});

/** The health routes, which have no action. */
function healthPaths(schemas: Schemas): Json {
  const content = { 'application/json': { schema: schemas.of(report) } };
  const describe = (operationId: string, summary: string) => ({
    get: {
      operationId,
      summary,
      description: 'Public. Not limited by the API.',
      tags: ['health'],
      security: [],
      responses: {
        200: { description: 'Healthy', content },
        503: { description: 'Unhealthy', content },
        default: { $ref: '#/components/responses/Problem' },
      },
    },
  });
  return {
    '/health': describe('getHealth', 'Get the health of all dependencies'),
    '/health/live': describe('getHealthLive', 'Check liveness'),
    '/health/ready': describe('getHealthReady', 'Check readiness'),
  };
}
