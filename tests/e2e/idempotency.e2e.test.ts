import { expect, test } from 'bun:test';
import { bySize } from '../../shared/testing/tier.ts';
import { call, createOrganization, isKillable, type Person } from './client.ts';
import { killService } from './kill-targets.ts';

const WRITERS = 16;
const KILLS = bySize(2, 6);
const MAX_TRIES = 200;

const newKey = () => ({ 'Idempotency-Key': crypto.randomUUID() });

async function openConversation({ token }: Person): Promise<string> {
  const body = { subject: 'Help', body: 'It is broken' };
  const answer = await call('POST', '/v1/conversations', { token, body });
  return `/v1/conversations/${answer.body.id}/messages`;
}

interface Message {
  id: string;
  body: string;
}

/** All messages of a conversation except the first one. */
async function readAll(path: string, { token }: Person): Promise<Message[]> {
  const all: Message[] = [];
  for (let cursor = ''; ; ) {
    const query = `limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await call('GET', `${path}?${query}`, { token });
    all.push(...body.items);
    if (!body.nextCursor) return all.filter((one) => one.body !== 'It is broken');
    cursor = body.nextCursor;
  }
}

/** Sends a message until it is accepted, as a client does that may not lose it. */
async function sendOnce(path: string, { token }: Person, body: string): Promise<string> {
  const request = { token, body: { body }, headers: newKey() };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const answer = await call('POST', path, request).catch(() => undefined);
    if (answer?.status === 201) return answer.body.id;
    const isUnknown =
      !answer || answer.status >= 500 || answer.body.code === 'IDEMPOTENCY_IN_FLIGHT';
    if (!isUnknown) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    await Bun.sleep(50);
  }
  throw new Error(`No response for ${body}`);
}

test.skipIf(!isKillable)(
  'a request repeated with its Idempotency-Key after a kill takes effect once',
  async () => {
    const { owner, agent } = await createOrganization();
    const people = [owner, agent];
    const paths = await Promise.all(people.map(openConversation));
    const sent: string[][] = [[], []];
    let isOver = false;
    async function write(writer: number) {
      const at = writer % people.length;
      const sender = people[at] as Person;
      for (let n = 0; !isOver; n++) {
        sent[at]?.push(await sendOnce(paths[at] as string, sender, `${writer} ${n}`));
      }
    }
    const writing = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    for (let kill = 0; kill < KILLS; kill++) {
      await Bun.sleep(300 + Math.random() * 700);
      await killService(({ kind }) => kind === 'api');
    }
    isOver = true;
    await Promise.all(writing);
    for (const [at, ids] of sent.entries()) {
      const stored = await readAll(paths[at] as string, people[at] as Person);
      expect(stored.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(new Set(stored.map(({ body }) => body)).size).toBe(stored.length);
    }
  },
  180_000,
);
