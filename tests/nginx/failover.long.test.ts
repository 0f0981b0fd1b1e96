import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { ServerResponse } from 'node:http';
import { until } from '../../shared/testing/until.ts';
import { type ServerName, startTestNginx, type TestNginx } from './start-test-nginx.ts';

const pending: ServerResponse[] = [];
let stuck: ServerName | undefined;
let nginx: TestNginx;

/** A stuck server accepts requests and does not respond. nginx waits 60 s for it. */
beforeAll(async () => {
  nginx = await startTestNginx({ RATE_LIMIT_MAX_REQUESTS: '0' }, (name, request, response) => {
    if (name === stuck) pending.push(response);
    else request.resume().once('end', () => response.end(name));
  });
});
afterAll(() => nginx.close());

test('an API that accepts requests without answering gets few of them', async () => {
  stuck = 'api-1';
  const lost: Promise<Response>[] = [];
  while (pending.length === 0) {
    const response = nginx.request('/');
    lost.push(response);
    await Promise.race([response, until(() => pending.length > 0)]);
  }
  const names = await Promise.all(
    Array.from({ length: 20 }, async () => (await nginx.request('/')).text()),
  ).finally(() => {
    for (const response of pending.splice(0)) response.end('stuck');
  });
  stuck = undefined;
  expect(names.filter((name) => name !== 'stuck').length).toBeGreaterThanOrEqual(10);
  await Promise.all(lost);
});
