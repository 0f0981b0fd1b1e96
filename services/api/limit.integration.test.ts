import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openTestDesk } from './test-desk.ts';

const desk = openTestDesk({ windowMs: 60_000, maxRequests: 5 });
const replica = openTestDesk({ windowMs: 60_000, maxRequests: 5 });
beforeAll(() => Promise.all([desk, replica].map(({ options }) => options.valkey?.ping())));
afterAll(() => Promise.all([desk.close(), replica.close()]));

/** An address of documentation's own, which no other run has. */
const nobody = () => `2001:db8:${randomGroup()}:${randomGroup()}::1`;
const randomGroup = () => Math.floor(Math.random() * 0xffff).toString(16);

const from = (app: typeof desk.app, address: string) =>
  app.request('/openapi.json', {}, { requestIP: () => ({ address }) });

test('the limit is exact over replicas, also at once', async () => {
  const address = nobody();
  const apps = [desk.app, replica.app];
  const asked = Array.from({ length: 12 }, (_, i) => from(apps[i % 2] ?? desk.app, address));
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(5);
  expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  expect((await from(desk.app, nobody())).status).toBe(200);
});

test('an address that is used up costs no more round trips', async () => {
  const address = nobody();
  for (let i = 0; i < 5; i++) await from(desk.app, address);
  const before = await commandsOf(desk);
  const refused = await from(desk.app, address);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('RateLimit-Remaining')).toBe('0');
  expect((await commandsOf(desk)) - before).toBe(1);
});

/** How many commands this desk's connection has sent, the question itself included. */
async function commandsOf({ options }: typeof desk) {
  const about = await options.valkey?.client('INFO');
  return Number(/tot-cmds=(\d+)/.exec(String(about))?.[1]);
}

test('0 switches the limit off', async () => {
  const unlimited = openTestDesk();
  const response = await from(unlimited.app, nobody());
  await unlimited.close();
  expect(response.headers.get('RateLimit-Limit')).toBeNull();
});
