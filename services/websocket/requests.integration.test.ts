import { afterAll, afterEach, expect, test } from 'bun:test';
import { createTestContext } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createStage, until } from './test-replica.ts';

const testContext = createTestContext();
const { startReplica, connect, person, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

interface Asked {
  id: string;
  name: string;
  payload: unknown;
}
type Answer = (answer: unknown) => void;

async function setUp() {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const agent = await person();
  async function device(url: string, behave: (asked: Asked, answer: Answer) => void) {
    const { socket } = await connect(url, agent.token);
    const heard: Asked[] = [];
    socket.on('request', (asked: Asked, answer: Answer) => {
      heard.push(asked);
      behave(asked, answer);
    });
    return heard;
  }
  return { one, two, agent, device };
}

test('a device on the other replica answers, though another one stays silent', async () => {
  const { one, two, agent, device } = await setUp();
  const silent = await device(one.url, () => {});
  const heard = await device(two.url, ({ payload }, answer) => answer({ got: payload }));
  const payload = { question: 'Take this call?' };
  const startedAt = performance.now();
  const answer = await one.server.request(agent, 'call.offered', payload, {
    timeoutMs: 3_000,
  });
  expect(answer).toEqual({ got: payload });
  expect(performance.now() - startedAt).toBeLessThan(1_000);
  expect(heard).toEqual([{ id: expect.stringMatching(/^evt_/), name: 'call.offered', payload }]);
  await until(() => silent.length === 1);
  expect(silent).toEqual(heard);
});

test('a lost answer: asked again with the same id, so the device can answer as before', async () => {
  const { one, two, agent, device } = await setUp();
  let done = 0;
  const answers = new Map<string, number>();
  const heard = await device(two.url, ({ id }, answer) => {
    const isKnown = answers.has(id);
    if (!isKnown) answers.set(id, ++done);
    if (isKnown) answer(answers.get(id));
  });
  const options = { timeoutMs: 100, attempts: 3 };
  expect(await one.server.request(agent, 'confirm', null, options)).toBe(1);
  expect(done).toBe(1);
  expect(heard).toHaveLength(2);
  expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
});

test('somebody who comes back meanwhile is asked then', async () => {
  const { one, two, agent, device } = await setUp();
  const answer = one.server.request(agent, 'x', 1, { timeoutMs: 300, attempts: 3 });
  await device(two.url, (_asked, acknowledge) => acknowledge('here'));
  expect(await answer).toBe('here');
});

test('nobody there, or nobody who answers: told after the last attempt', async () => {
  const { one, two, agent, device } = await setUp();
  const options = { timeoutMs: 50, attempts: 2 };
  const nobody = one.server.request({ ...agent, userId: newId('usr') }, 'x', 1, options);
  await expect(nobody).rejects.toMatchObject({ code: 'NO_ANSWER', status: 503 });
  const heard = await device(two.url, () => {});
  const silent = one.server.request(agent, 'x', 1, options);
  await expect(silent).rejects.toMatchObject({ code: 'NO_ANSWER' });
  expect(heard).toHaveLength(2);
});
