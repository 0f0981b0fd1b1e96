import { z } from 'zod';
import type { Json, Schemas } from './schemas.ts';

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
export const problemResponse = (schemas: Schemas): Json => ({
  description: 'Problem document',
  content: { 'application/problem+json': { schema: schemas.of(problem) } },
});

/** The health routes, which have no action. */
export function healthPaths(schemas: Schemas): Json {
  const content = { 'application/json': { schema: schemas.of(report) } };
  const describe = (operationId: string, summary: string) => ({
    get: {
      operationId,
      summary,
      tags: ['health'],
      security: [],
      responses: {
        200: { description: 'Healthy', content },
        503: { description: 'Unhealthy', content },
      },
    },
  });
  return {
    '/health': describe('getHealth', 'Get the health of all dependencies'),
    '/health/live': describe('getHealthLive', 'Check liveness'),
    '/health/ready': describe('getHealthReady', 'Check readiness'),
  };
}
