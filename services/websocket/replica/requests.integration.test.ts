import { expect, test } from 'bun:test';
import type { ClientRequest } from '@insightdesk/shared/contract';
import { createRequests } from '@insightdesk/shared/realtime';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createTestReplicas } from '../testing/test-replica.ts';

const { context, startReplica, connect, newUser, valkey } = createTestReplicas();

type Answer = (answer: unknown) => void;
const done = (result: unknown) => ({ ok: true, result });

/** Two replicas, and requests as an API or a worker sends them: with Valkey alone. */
async function setUp() {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const agent = await newUser();
  const subscriber = valkey('subscriber', 'requester');
  const { request } = createRequests({ publisher: valkey('command'), connect: () => subscriber });
  async function device(
    url: string,
    handle: (request: ClientRequest, answer: Answer) => void,
    { token } = agent,
  ) {
    const { socket } = await connect(url, token);
    const received: ClientRequest[] = [];
    socket.on('request', (incoming: ClientRequest, answer: Answer) => {
      received.push(incoming);
      handle(incoming, answer);
    });
    return received;
  }
  return { one, two, agent, device, request, subscriber };
}

test('request: a device on another replica answers while one stays silent', async () => {
  const { one, two, agent, device, request } = await setUp();
  const silent = await device(one.url, () => {});
  const received = await device(two.url, ({ payload }, answer) => answer(done({ got: payload })));
  const userRequest = { ...agent, name: 'call.offered', payload: { question: 'Take this call?' } };
  // Longer than this test may take: the silent device is not waited for.
  expect(await request(userRequest, { timeoutMs: 60_000 })).toEqual({ got: userRequest.payload });
  const { name, payload } = userRequest;
  expect(received).toEqual([{ id: expect.stringMatching(/^evt_/), name, payload }]);
  await until(() => silent.length, { equals: 1 });
  expect(silent).toEqual(received);
  const { requests } = context.realtime;
  expect(await requests.request({ ...userRequest, payload: 'from ctx' })).toEqual({
    got: 'from ctx',
  });
});

test('request: a lost answer is requested again with the same id', async () => {
  const { two, agent, device, request } = await setUp();
  let count = 0;
  const answers = new Map<string, number>();
  const received = await device(two.url, ({ id }, answer) => {
    const isKnown = answers.has(id);
    if (!isKnown) answers.set(id, ++count);
    if (isKnown) answer(done(answers.get(id)));
  });
  const options = { timeoutMs: 1_500, attempts: 3 };
  expect(await request({ ...agent, name: 'confirm', payload: null }, options)).toBe(1);
  expect(count).toBe(1);
  expect(received).toHaveLength(2);
  expect(new Set(received.map(({ id }) => id)).size).toBe(1);
});

test('request: a user who reconnects to another replica gets it there with the same id', async () => {
  const { one, two, agent, device, request } = await setUp();
  const before = await connect(one.url, agent.token);
  const ids: string[] = [];
  before.socket.on('request', ({ id }) => {
    ids.push(id);
    before.socket.io.engine.close();
  });
  const answer = request({ ...agent, name: 'x', payload: 1 }, { timeoutMs: 1_000, attempts: 10 });
  await until(() => ids.length, { equals: 1 });
  const received = await device(two.url, (_request, acknowledge) => acknowledge(done('here')));
  expect(await answer).toBe('here');
  expect(received.map(({ id }) => id)).toEqual(ids);
});

test('request: a message that Valkey dropped is sent again', async () => {
  const { two, agent, device, request, subscriber } = await setUp();
  const received = await device(two.url, ({ name }, answer) => {
    if (received.length === 2) subscriber.disconnect(true);
    answer(done(name));
  });
  await request({ ...agent, name: 'first', payload: null });
  const options = { timeoutMs: 300, attempts: 10 };
  expect(await request({ ...agent, name: 'second', payload: null }, options)).toBe('second');
  expect(received.length).toBeGreaterThan(2);
});

test('request: a rejection of the device has its code and detail', async () => {
  const { two, agent, device, request } = await setUp();
  const error = { code: 'BUSY', detail: 'In a call' };
  await device(two.url, (_request, answer) => answer({ ok: false, error }));
  const result = request({ ...agent, name: 'x', payload: 1 });
  await expect(result).rejects.toMatchObject({ status: 409, code: 'BUSY', detail: 'In a call' });
});

test('request: without a valid answer it fails with NO_ANSWER after the last attempt', async () => {
  const { one, two, agent, device, request } = await setUp();
  const userRequest = { ...agent, name: 'x', payload: 1 };
  const options = { timeoutMs: 100, attempts: 2 };
  const missing = request({ ...userRequest, userId: newId('usr') }, options);
  await expect(missing).rejects.toMatchObject({ code: 'NO_ANSWER', status: 503 });
  const received = await device(two.url, () => {});
  const invalid = [undefined, 'yes', { ok: 1 }, { ok: false, error: { code: 'no', detail: 1 } }];
  for (const answer of invalid) await device(one.url, (_request, respond) => respond(answer));
  await expect(request(userRequest, options)).rejects.toMatchObject({ code: 'NO_ANSWER' });
  await until(() => received.length, { equals: 2 });
});

test('request: sockets of the same user in another organization do not get it', async () => {
  const { two, agent, device, request } = await setUp();
  const elsewhere = await newUser({ userId: agent.userId, tenantId: newId('org') });
  const theirs = await device(two.url, (_request, answer) => answer(done('theirs')), elsewhere);
  const received = await device(two.url, () => {});
  const options = { timeoutMs: 100, attempts: 2 };
  const result = request({ ...agent, name: 'x', payload: 1 }, options);
  await expect(result).rejects.toMatchObject({ code: 'NO_ANSWER' });
  await until(() => received.length, { equals: 2 });
  expect(theirs).toEqual([]);
});
