import { afterAll, expect, test } from 'bun:test';
import { createDatabase } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { createIntegrationApi } from '../../testing/integration-api.ts';

const database = createDatabase({
  url: testEnvironment.databaseUrl,
  readers: 1,
  writers: 1,
  timeoutMs: 10_000,
  slowQueryMs: 10_000,
  tenantTime: { budgetMs: 0, windowMs: 600_000 },
});
const { context, createTenant, request, close } = createIntegrationApi(
  { windowMs: 60_000, maxRequests: 1_000 },
  { context: (call) => ({ ...context, ...call, database }) },
);
afterAll(() => Promise.all([database.close(), close()]));

test('an organization above its share of database time gets 429 with Retry-After, another one does not', async () => {
  const [loud, quiet] = [await createTenant(), await createTenant()];
  const list = (as: string) => request('GET', '/v1/conversations', { as });
  // Alone it may use the whole database.
  for (let n = 0; n < 20; n++) expect((await list(loud.owner)).status).toBe(200);
  expect((await list(quiet.owner)).status).toBe(200);
  const refused = await list(loud.agent);
  expect(refused.status).toBe(429);
  expect(await refused.json()).toMatchObject({ code: 'DATABASE_TIME_EXCEEDED' });
  expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
  expect((await list(quiet.owner)).status).toBe(200);
});
