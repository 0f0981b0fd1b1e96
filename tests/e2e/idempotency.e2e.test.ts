import { expect, test } from 'bun:test';
import { call, createOrganization, isKillable, type Person, registerOwner } from './client.ts';
import { killService } from './kill-targets.ts';

const ROUNDS = 15;
const AT_ONCE = 6;
const WRITERS = 16;
const KILLS = 6;
const MAX_TRIES = 200;

const newKey = () => ({ 'Idempotency-Key': crypto.randomUUID() });

async function openConversation({ token }: Person): Promise<string> {
  const body = { subject: 'Help', body: 'It is broken' };
  const answer = await call('POST', '/v1/conversations', { token, body });
  return `/v1/conversations/${answer.body.id}/messages`;
}

interface Said {
  id: string;
  body: string;
}

/** Everything in a conversation, but for what opened it. */
async function readAll(path: string, { token }: Person): Promise<Said[]> {
  const all: Said[] = [];
  for (let cursor = ''; ; ) {
    const query = `limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await call('GET', `${path}?${query}`, { token });
    all.push(...body.items);
    if (!body.nextCursor) return all.filter((one) => one.body !== 'It is broken');
    cursor = body.nextCursor;
  }
}

test('the same Idempotency-Key at two replicas at once has one effect and one response', async () => {
  const owner = await registerOwner();
  const path = await openConversation(owner);
  const ids: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const asked = { token: owner.token, body: { body: `${round}` }, headers: newKey() };
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () => call('POST', path, asked)),
    );
    const good = answers.filter(({ status }) => status === 201);
    const codes = answers.filter(({ status }) => status !== 201).map(({ body }) => body.code);
    expect(new Set(codes).size).toBeLessThanOrEqual(1);
    expect(codes.every((code) => code === 'IDEMPOTENCY_IN_FLIGHT')).toBe(true);
    expect(new Set(good.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const again = await call('POST', path, asked);
    expect(again.headers.get('Idempotency-Replayed')).toBe('true');
    expect(again.body).toEqual(good[0]?.body);
    ids.push(again.body.id);
  }
  expect((await readAll(path, owner)).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
});

/** Says it until an answer comes that is one, as a client does that may not lose it. */
async function sayOnce(path: string, { token }: Person, body: string): Promise<string> {
  const asked = { token, body: { body }, headers: newKey() };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const answer = await call('POST', path, asked).catch(() => undefined);
    if (answer?.status === 201) return answer.body.id;
    const isUnsure =
      !answer || answer.status >= 500 || answer.body.code === 'IDEMPOTENCY_IN_FLIGHT';
    if (!isUnsure) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await Bun.sleep(50);
  }
  throw new Error(`Never answered: ${body}`);
}

test.skipIf(!isKillable)(
  'a request repeated with its Idempotency-Key after a kill takes effect once',
  async () => {
    const { owner, agent } = await createOrganization();
    const people = [owner, agent];
    const paths = await Promise.all(people.map(openConversation));
    const said: string[][] = [[], []];
    let isOver = false;
    async function write(writer: number) {
      const at = writer % people.length;
      const who = people[at] as Person;
      for (let n = 0; !isOver; n++) {
        said[at]?.push(await sayOnce(paths[at] as string, who, `${writer} ${n}`));
      }
    }
    const writing = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    for (let kill = 0; kill < KILLS; kill++) {
      await Bun.sleep(300 + Math.random() * 700);
      await killService(({ kind }) => kind === 'api');
    }
    isOver = true;
    await Promise.all(writing);
    for (const [at, ids] of said.entries()) {
      const stored = await readAll(paths[at] as string, people[at] as Person);
      expect(stored.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(new Set(stored.map(({ body }) => body)).size).toBe(stored.length);
    }
  },
  180_000,
);
