import { afterAll, beforeAll, expect, test } from 'bun:test';
import { io, type Socket } from 'socket.io-client';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  createOrganization,
  type DurableEvent,
  isKillable,
  listEmails,
  type Person,
  run,
  subscribeOn,
  tlsOptions,
} from './client.ts';
import { killService } from './kill-targets.ts';

const MESSAGES = bySize(150, 500);
const CONCURRENCY = 10;

let owner: Person;
let agent: Person;
let absent: Person;
let customer: Person;
const followers: Follower[] = [];

beforeAll(async () => {
  if (!isKillable) return;
  ({ owner, agent, absent, customer } = await createOrganization());
});

afterAll(() => {
  for (const { socket } of followers) socket.disconnect();
});

/** A client that follows one channel by contract.md: it resumes after every reconnect. */
interface Follower {
  socket: Socket;
  received: DurableEvent[];
  gaps: number;
  subscribed: Promise<void>;
}

function follow(token: string, channel: string): Follower {
  const socket = io(run.url, {
    ...tlsOptions,
    transports: ['websocket'],
    forceNew: true,
    auth: { token },
    reconnectionDelay: 100,
    reconnectionDelayMax: 500,
  });
  const ready = Promise.withResolvers<void>();
  const follower: Follower = { socket, received: [], gaps: 0, subscribed: ready.promise };
  let position: { epoch: string; offset: number } | undefined;
  const take = (event: DurableEvent) => {
    if (event.channel !== channel) return;
    follower.received.push(event);
    position = { epoch: event.epoch, offset: event.offset };
  };
  socket.on('event', take);
  const subscribe = async () => {
    const session = socket.id;
    const answer = await subscribeOn(socket, { channel, ...position }, (accepted) => {
      if (position && !accepted.recovered) follower.gaps++;
      for (const event of accepted.events) take(event);
      position ??= { epoch: accepted.epoch, offset: accepted.offset };
      ready.resolve();
    });
    if (answer?.ok) return;
    await Bun.sleep(200);
    if (socket.id === session) await subscribe();
  };
  socket.on('connect', () => void subscribe());
  followers.push(follower);
  return follower;
}

/** Posts until it is accepted, as a client does that keeps its `clientMessageId`. */
async function post(conversationId: string, n: number): Promise<string> {
  return until(
    async () => {
      const sent = await call('POST', `/v1/conversations/${conversationId}/messages`, {
        token: customer.token,
        body: { body: `message ${n}`, clientMessageId: `client-${n}` },
        timeoutMs: 10_000,
      }).catch(() => undefined);
      if (sent && sent.status < 500 && ![200, 201].includes(sent.status)) {
        throw new Error(`post: ${JSON.stringify(sent)}`);
      }
      return sent && sent.status < 300 && sent.body.id;
    },
    { timeoutMs: 60_000 },
  );
}

test.skipIf(!isKillable)(
  `${MESSAGES} messages survive kill -9 of an API, a WebSocket and the worker`,
  async () => {
    const conversation = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'A storm', body: 'Here it comes' },
    });
    const conversationId: string = conversation.body.id;
    const channel = `private-conversation-${conversationId}`;
    const clients = [owner, agent, agent, customer].map(({ token }) => follow(token, channel));
    await Promise.all(clients.map(({ subscribed }) => subscribed));

    const accepted: string[] = [];
    let next = 0;
    const poster = async () => {
      while (next < MESSAGES) {
        accepted.push(await post(conversationId, next++));
      }
    };
    const killed: string[] = [];
    const kills = (async () => {
      for (const [at, kind] of [
        [MESSAGES / 5, 'api'],
        [(MESSAGES * 2) / 5, 'websocket'],
        [(MESSAGES * 3) / 5, 'worker'],
      ] as const) {
        await until(() => accepted.length >= at, { timeoutMs: 120_000 });
        await killService((service) => service.kind === kind);
        killed.push(kind);
      }
    })();
    await Promise.all([kills, ...Array.from({ length: CONCURRENCY }, poster)]);
    expect(killed).toEqual(['api', 'websocket', 'worker']);
    expect(accepted.length).toBe(MESSAGES);
    expect(new Set(accepted).size).toBe(MESSAGES);

    const wanted = Array.from({ length: MESSAGES }, (_, n) => `message ${n}`).sort();
    const bodies = ({ received }: Follower) =>
      received.filter(({ type }) => type === 'message.created').map(({ data }) => data.body);
    const storm = (follower: Follower) =>
      bodies(follower).filter((body) => body !== 'Here it comes');

    await until(() => clients.every((client) => storm(client).length >= MESSAGES), {
      timeoutMs: 30_000,
    });
    for (const client of clients) {
      expect(storm(client).sort()).toEqual(wanted);
      expect(client.gaps).toBe(0);
      const offsets = client.received.map(({ offset }) => offset);
      expect(offsets).toEqual(offsets.map((_, i) => (offsets[0] ?? 0) + i));
    }

    const stored: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { body: { items: { body: string }[]; nextCursor: string | null } } = await call(
        'GET',
        `/v1/conversations/${conversationId}/messages?limit=100${cursor && `&cursor=${cursor}`}`,
        { token: agent.token },
      );
      stored.push(...page.body.items.map(({ body }) => body));
      cursor = page.body.nextCursor;
    }
    expect(stored.filter((body) => body !== 'Here it comes').sort()).toEqual(wanted);

    const mailed = async () =>
      (await listEmails(absent.email)).filter(({ subject }) => subject.includes('A storm'));
    await until(async () => (await mailed()).length > MESSAGES, { timeoutMs: 60_000 });
    await Bun.sleep(2000);
    const texts = (await mailed()).map(({ text }) => /message \d+/.exec(text)?.[0]);
    expect(texts.filter((text) => text !== undefined).sort()).toEqual(wanted);
  },
  240_000,
);
