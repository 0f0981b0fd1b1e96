import { z } from 'zod';
import type { Json, Schemas } from './schemas.ts';

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('What went wrong; stable'),
    detail: z.string().describe('The same in words'),
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

/** What every refused or failed request is answered with. */
export const problemResponse = (schemas: Schemas): Json => ({
  description: 'What went wrong',
  content: { 'application/problem+json': { schema: schemas.of(problem) } },
});

/** The routes that tell whether the service is well; they are no actions. */
export function healthPaths(schemas: Schemas): Json {
  const content = { 'application/json': { schema: schemas.of(report) } };
  const describe = (operationId: string, summary: string) => ({
    get: {
      operationId,
      summary,
      tags: ['health'],
      security: [],
      responses: {
        200: { description: 'Yes', content },
        503: { description: 'No', content },
      },
    },
  });
  return {
    '/health': describe('getHealth', 'Whether everything the service depends on answers'),
    '/health/live': describe('getHealthLive', 'Whether the process answers'),
    '/health/ready': describe('getHealthReady', 'Whether requests should come here'),
  };
}
