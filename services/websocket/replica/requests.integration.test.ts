import { afterAll, afterEach, expect, test } from 'bun:test';
import type { ClientRequest } from '@insightdesk/shared/contract';
import { createRequests } from '@insightdesk/shared/realtime';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createStage } from '../testing/test-replica.ts';

const testContext = createTestContext();
const { startReplica, connect, person, valkey, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

type Answer = (answer: unknown) => void;
const done = (result: unknown) => ({ ok: true, result });

/** Two replicas, and somebody who asks as an API or a worker does: with nothing but Valkey. */
async function setUp() {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const agent = await person();
  const subscriber = valkey('subscriber', 'asker');
  const { request } = createRequests({ publisher: valkey('command'), connect: () => subscriber });
  async function device(
    url: string,
    behave: (asked: ClientRequest, answer: Answer) => void,
    { token } = agent,
  ) {
    const { socket } = await connect(url, token);
    const heard: ClientRequest[] = [];
    socket.on('request', (asked: ClientRequest, answer: Answer) => {
      heard.push(asked);
      behave(asked, answer);
    });
    return heard;
  }
  return { one, two, agent, device, request, subscriber };
}

test('a device on the other replica answers, though another one stays silent', async () => {
  const { one, two, agent, device, request } = await setUp();
  const silent = await device(one.url, () => {});
  const heard = await device(two.url, ({ payload }, answer) => answer(done({ got: payload })));
  const question = { ...agent, name: 'call.offered', payload: { question: 'Take this call?' } };
  // Longer than this test may take: nobody waits for the silent one.
  expect(await request(question, { timeoutMs: 60_000 })).toEqual({ got: question.payload });
  const { name, payload } = question;
  expect(heard).toEqual([{ id: expect.stringMatching(/^evt_/), name, payload }]);
  await until(() => silent.length, { equals: 1 });
  expect(silent).toEqual(heard);
  const { requests } = testContext.context.realtime;
  expect(await requests.request({ ...question, payload: 'from ctx' })).toEqual({ got: 'from ctx' });
});

test('a lost answer: asked again with the same id, so the device can answer as before', async () => {
  const { two, agent, device, request } = await setUp();
  let count = 0;
  const answers = new Map<string, number>();
  const heard = await device(two.url, ({ id }, answer) => {
    const isKnown = answers.has(id);
    if (!isKnown) answers.set(id, ++count);
    if (isKnown) answer(done(answers.get(id)));
  });
  const options = { timeoutMs: 4_000, attempts: 3 };
  expect(await request({ ...agent, name: 'confirm', payload: null }, options)).toBe(1);
  expect(count).toBe(1);
  expect(heard).toHaveLength(2);
  expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
});

test('somebody who comes back meanwhile, on another replica, is asked there with the same id', async () => {
  const { one, two, agent, device, request } = await setUp();
  const before = await connect(one.url, agent.token);
  const ids: string[] = [];
  before.socket.on('request', ({ id }) => {
    ids.push(id);
    before.socket.io.engine.close();
  });
  const answer = request({ ...agent, name: 'x', payload: 1 }, { timeoutMs: 1_000, attempts: 10 });
  await until(() => ids.length, { equals: 1 });
  const heard = await device(two.url, (_asked, acknowledge) => acknowledge(done('here')));
  expect(await answer).toBe('here');
  expect(heard.map(({ id }) => id)).toEqual(ids);
});

test('a question or an answer that Valkey dropped is asked again', async () => {
  const { two, agent, device, request, subscriber } = await setUp();
  const heard = await device(two.url, ({ name }, answer) => {
    if (heard.length === 2) subscriber.disconnect(true);
    answer(done(name));
  });
  await request({ ...agent, name: 'first', payload: null });
  const options = { timeoutMs: 300, attempts: 10 };
  expect(await request({ ...agent, name: 'second', payload: null }, options)).toBe('second');
  expect(heard.length).toBeGreaterThan(2);
});

test('a device says no: its code and its words', async () => {
  const { two, agent, device, request } = await setUp();
  const error = { code: 'BUSY', detail: 'In a call' };
  await device(two.url, (_asked, answer) => answer({ ok: false, error }));
  const asking = request({ ...agent, name: 'x', payload: 1 });
  await expect(asking).rejects.toMatchObject({ status: 409, code: 'BUSY', detail: 'In a call' });
});

test('nobody there, or nobody who answers in order: told after the last attempt', async () => {
  const { one, two, agent, device, request } = await setUp();
  const question = { ...agent, name: 'x', payload: 1 };
  const options = { timeoutMs: 100, attempts: 2 };
  const nobody = request({ ...question, userId: newId('usr') }, options);
  await expect(nobody).rejects.toMatchObject({ code: 'NO_ANSWER', status: 503 });
  const heard = await device(two.url, () => {});
  const nonsense = [undefined, 'yes', { ok: 1 }, { ok: false, error: { code: 'no', detail: 1 } }];
  for (const answer of nonsense) await device(one.url, (_asked, say) => say(answer));
  await expect(request(question, options)).rejects.toMatchObject({ code: 'NO_ANSWER' });
  await until(() => heard.length, { equals: 2 });
});

test('the same person in another organisation is not asked', async () => {
  const { two, agent, device, request } = await setUp();
  const elsewhere = await person({ userId: agent.userId, tenantId: newId('org') });
  const theirs = await device(two.url, (_asked, answer) => answer(done('theirs')), elsewhere);
  const heard = await device(two.url, () => {});
  const options = { timeoutMs: 100, attempts: 2 };
  const asking = request({ ...agent, name: 'x', payload: 1 }, options);
  await expect(asking).rejects.toMatchObject({ code: 'NO_ANSWER' });
  await until(() => heard.length, { equals: 2 });
  expect(theirs).toEqual([]);
});
