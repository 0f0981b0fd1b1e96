import { afterAll, beforeAll, expect, test } from 'bun:test';
import { expectProblem } from './expect-problem.ts';
import { startTestNginx, type TestNginx } from './start-test-nginx.ts';

let requests = 0;
let nginx: TestNginx;

/** `/cut` closes the connection without a response. */
beforeAll(async () => {
  nginx = await startTestNginx({ RATE_LIMIT_MAX_REQUESTS: '0' }, (name, request, response) => {
    requests++;
    if (request.url === '/cut') return request.socket.destroy();
    request.resume().once('end', () => response.end(name));
  });
});
afterAll(() => nginx.close());

const statusOf = async (method = 'GET') => (await nginx.request('/', { method })).status;
/** nginx counts in whole seconds: a timeout of one second lasts up to two. */
const waitForFailTimeout = () => Bun.sleep(2100);

test('a POST that was sent is not retried, a GET is', async () => {
  for (const [method, attempts] of [
    ['POST', 1],
    ['GET', 3],
  ] as const) {
    const before = requests;
    await expectProblem(await nginx.request('/cut', { method }), 502, 'BAD_GATEWAY');
    expect(requests - before).toBe(attempts);
    await waitForFailTimeout();
  }
});

test('requests succeed while one API is stopped, which is tried once a second at most, and when they change', async () => {
  await nginx.stop('api-1');
  const startedAt = performance.now();
  const before = nginx.logLines().length;
  for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) expect(await statusOf(method)).toBe(200);
  for (let i = 0; i < 60; i++) expect(await statusOf()).toBe(200);
  const seconds = (performance.now() - startedAt) / 1000;
  const failed = `127.0.0.1:${nginx.ports['api-1']},`;
  const attempts = nginx
    .logLines()
    .slice(before)
    .filter(({ upstream }) => `${upstream}`.startsWith(failed));
  expect(attempts.length).toBeGreaterThan(0);
  expect(attempts.length).toBeLessThanOrEqual(2 + seconds);
  // A restarted API serves at once when the other one stops.
  await nginx.listen('api-1');
  await nginx.stop('api-2');
  for (let i = 0; i < 4; i++) expect(await statusOf('POST')).toBe(200);
  await nginx.listen('api-2');
  await waitForFailTimeout();
});

test('after all APIs were stopped requests succeed as soon as they are back', async () => {
  await Promise.all([nginx.stop('api-1'), nginx.stop('api-2')]);
  await expectProblem(await nginx.request('/'), 502, 'BAD_GATEWAY');
  await Promise.all([nginx.listen('api-1'), nginx.listen('api-2')]);
  expect(await statusOf()).toBe(200);
  await waitForFailTimeout();
});
