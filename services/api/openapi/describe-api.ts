import { z } from 'zod';
import type { Route } from '../route.ts';
import { createExample } from './create-example.ts';
import { rateLimitHeaders } from './describe-headers.ts';
import { describeProblems, problemRef } from './describe-problems.ts';
import { describeRoute } from './describe-route.ts';
import { createSchemas, type Json, type Schemas } from './schemas.ts';
import { describeOperation, sections } from './sections/index.ts';

const description =
  'Errors are problem documents (RFC 9457) with a stable `code`; `docs/errors.md` in the source lists all, with ' +
  'cause and remedy. Lists take `limit` and `cursor` and return `items` and `nextCursor`. Resources you cannot ' +
  'access return 404. Requests are limited per address, user and organization: `RateLimit` and `RateLimit-Policy` ' +
  'say what is left; 429 and 503 have `Retry-After`. `docs/getting-started.md` in the source is a tutorial.';

/** The OpenAPI 3.1 document of the routes, generated from the schemas of their actions. */
export function describeApi(routes: readonly Route[], { publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, schemas) };
  }
  Object.assign(paths, healthPaths(schemas));
  const responses = describeProblems(schemas, paths);
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
    tags: describeTags(paths),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An access token or an API key' },
      },
      headers: rateLimitHeaders,
      responses,
      examples: schemas.examples(),
      schemas: schemas.named(),
    },
  };
}

/** The tags of the operations, in the order of the sections. */
function describeTags(paths: Record<string, Json>): Json[] {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods) as Json[]);
  const used = new Set(operations.flatMap(({ tags }) => tags as string[]));
  const described = sections.filter(({ tag }) => used.has(tag));
  const others = used.difference(new Set(described.map(({ tag }) => tag)));
  return [
    ...described.map(({ tag, description }) => ({ name: tag, description })),
    ...[...others].map((name) => ({ name })),
  ];
}

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

/** The health routes, which have no action. */
function healthPaths(schemas: Schemas): Record<string, Json> {
  const schema = schemas.of(report);
  const content = (status: string) => {
    const example = createExample(schema, { named: schemas.named() }) as Json;
    return { 'application/json': { schema, example: { ...example, status } } };
  };
  const describe = (path: string, operationId: string, summary: string) => ({
    get: {
      operationId,
      summary,
      description: `${describeOperation(`GET ${path}`)?.text} Public, and not limited by the API.`,
      tags: ['Health'],
      security: [],
      responses: {
        200: { description: 'Healthy', content: content('ok') },
        503: { description: 'Unhealthy', content: content('unavailable') },
        default: problemRef('default'),
      },
    },
  });
  return {
    '/health': describe('/health', 'getHealth', 'Get the health of all dependencies'),
    '/health/live': describe('/health/live', 'getHealthLive', 'Check liveness'),
    '/health/ready': describe('/health/ready', 'getHealthReady', 'Check readiness'),
  };
}
