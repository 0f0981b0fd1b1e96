import { expect, test } from 'bun:test';
import { createClient } from './create-client.ts';
import type { Wait } from './waiting.ts';

const problem = (status: number, code: string) => () =>
  Response.json({ status, code, detail: code }, { status, headers: { 'Retry-After': '0' } });
const accepted = () => Response.json({ id: 'msg_1' });
const broken = () => {
  throw new TypeError('The connection is closed');
};

function connect(outcomes: (() => Response)[], onWait?: (wait: Wait) => void) {
  const waits: Wait[] = [];
  const errors: unknown[] = [];
  const client = createClient({
    url: 'http://desk.example',
    tokens: { accessToken: 'access' },
    fetch: async () => (outcomes.shift() ?? accepted)(),
    onWait: onWait ?? ((wait) => waits.push(wait)),
    onError: (error) => errors.push(error),
  });
  return { client, waits, errors };
}

const routeAndReason = ({ route, reason }: Wait) => [route, reason];

test('onWait: a message that waits for a rate limit, the server or a connection reports each wait', async () => {
  const { client, waits } = connect([
    problem(429, 'RATE_LIMITED'),
    problem(503, 'UNAVAILABLE'),
    broken,
  ]);
  await client.send('cnv_1', { body: 'Hello' });
  const route = 'POST /v1/conversations/{id}/messages';
  expect(waits.map(routeAndReason)).toEqual([
    [route, 'rate-limit'],
    [route, 'server'],
    [route, 'connection'],
  ]);
  for (const { retryAfterMs } of waits) expect(retryAfterMs).toBeGreaterThan(0);
  expect(waits[0]?.error).toMatchObject({ status: 429, code: 'RATE_LIMITED' });
});

test('onWait: retryAfterMs is at least what the server asks for', async () => {
  const limited = () =>
    Response.json({ code: 'RATE_LIMITED' }, { status: 429, headers: { 'Retry-After': '60' } });
  const { client, waits } = connect([limited]);
  const sending = client.send('cnv_1', { body: 'Hello' }).catch((error) => error.name);
  while (waits.length === 0) await Bun.sleep(1);
  client.close();
  expect(await sending).toBe('ClientClosedError');
  expect(waits).toMatchObject([{ reason: 'rate-limit', retryAfterMs: 60_000 }]);
});

test('onWait: a repeated write reports its waits, a read and a refused write none', async () => {
  const { client, waits } = connect([broken, accepted, broken, problem(422, 'INVALID')]);
  await client.conversations.update('cnv_1', { status: 'open' });
  expect(waits.map(routeAndReason)).toEqual([['PATCH /v1/conversations/{id}', 'connection']]);
  await client.me().catch(() => undefined);
  await client.conversations.update('cnv_1', { status: 'open' }).catch(() => undefined);
  expect(waits).toHaveLength(1);
});

test('onWait: a resumable upload reports its waits', async () => {
  const { client, waits } = connect([
    problem(429, 'RATE_LIMITED'),
    () => new Response(null, { status: 201, headers: { Location: '/v1/uploads/att_1' } }),
    () => new Response(null, { status: 204, headers: { 'Upload-Offset': '1' } }),
  ]);
  await client.attachments.uploadResumably(new Blob(['x']), 'x.txt').done;
  expect(waits.map(routeAndReason)).toEqual([['PATCH /v1/uploads/{id}', 'rate-limit']]);
});

test('onWait: an error of the callback is passed to onError and the message is sent', async () => {
  const failure = new Error('of the app');
  const { client, errors } = connect([broken], () => {
    throw failure;
  });
  expect(`${(await client.send('cnv_1', { body: 'Hello' })).id}`).toBe('msg_1');
  expect(errors).toEqual([failure]);
});
