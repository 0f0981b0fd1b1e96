import { expect, test } from 'bun:test';
import { createLogger } from '@insightdesk/shared/logging';
import { Hono } from 'hono';
import { errorHandler } from '../error-handler.ts';
import type { HttpEnv } from '../http-env.ts';
import { limitConcurrentRequests } from './limit-concurrent-requests.ts';

test('a caller with the maximum of requests in progress gets 429, another one does not', async () => {
  const gate = Promise.withResolvers<void>();
  const app = new Hono<HttpEnv>();
  app.onError(
    errorHandler(
      createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' }),
    ),
  );
  app.use((c, next) => {
    c.set('caller', { tenantId: 'org', name: c.req.header('x-user') ?? '' });
    return next();
  });
  app.use(limitConcurrentRequests(2));
  app.get('/', async (c) => {
    await gate.promise;
    return c.text('ok');
  });
  const get = (user: string) => app.request('/', { headers: { 'x-user': user } });
  const running = [get('a'), get('a'), get('b')];
  const refused = await get('a');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('Retry-After')).toBe('1');
  expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_CONCURRENT_REQUESTS' });
  gate.resolve();
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await get('a')).status).toBe(200);
});
