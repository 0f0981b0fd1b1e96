import { expect, test } from 'bun:test';
import { bySize } from '../../shared/testing/tier.ts';
import { call, canKillServices, createOrganization, type TestUser } from './client.ts';
import { killService } from './kill-targets.ts';

const WRITERS = 16;
const KILLS = bySize(2, 6);
const MAX_ATTEMPTS = 200;

const newKey = () => ({ 'Idempotency-Key': crypto.randomUUID() });

async function createConversation({ token }: TestUser): Promise<string> {
  const body = { subject: 'Help', body: 'It is broken' };
  const response = await call('POST', '/v1/conversations', { token, body });
  return `/v1/conversations/${response.body.id}/messages`;
}

interface Message {
  id: string;
  body: string;
}

/** All messages of a conversation except the first one. */
async function readAll(path: string, { token }: TestUser): Promise<Message[]> {
  const all: Message[] = [];
  for (let cursor = ''; ; ) {
    const query = `limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await call('GET', `${path}?${query}`, { token });
    all.push(...body.items);
    if (!body.nextCursor) return all.filter((message) => message.body !== 'It is broken');
    cursor = body.nextCursor;
  }
}

/** Sends a message with one idempotency key until it is accepted. */
async function sendOnce(path: string, { token }: TestUser, body: string): Promise<string> {
  const request = { token, body: { body }, headers: newKey() };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const response = await call('POST', path, request).catch(() => undefined);
    if (response?.status === 201) return response.body.id;
    const isUnknown =
      !response || response.status >= 500 || response.body.code === 'IDEMPOTENCY_IN_FLIGHT';
    if (!isUnknown) throw new Error(`${response.status} ${JSON.stringify(response.body)}`);
    await Bun.sleep(50);
  }
  throw new Error(`No response for ${body}`);
}

test.skipIf(!canKillServices)(
  'a request repeated with its Idempotency-Key after a kill takes effect once',
  async () => {
    const { owner, agent } = await createOrganization();
    const people = [owner, agent];
    const paths = await Promise.all(people.map(createConversation));
    const sent: string[][] = [[], []];
    let isOver = false;
    async function write(writer: number) {
      const index = writer % people.length;
      const sender = people[index] as TestUser;
      for (let n = 0; !isOver; n++) {
        sent[index]?.push(await sendOnce(paths[index] as string, sender, `${writer} ${n}`));
      }
    }
    const writing = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    for (let kill = 0; kill < KILLS; kill++) {
      await Bun.sleep(300 + Math.random() * 700);
      await killService(({ kind }) => kind === 'api');
    }
    isOver = true;
    await Promise.all(writing);
    for (const [index, ids] of sent.entries()) {
      const stored = await readAll(paths[index] as string, people[index] as TestUser);
      expect(stored.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(new Set(stored.map(({ body }) => body)).size).toBe(stored.length);
    }
  },
  180_000,
);
