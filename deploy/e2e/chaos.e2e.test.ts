import { afterAll, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { newId, toUuid } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { io, type Socket } from 'socket.io-client';
import {
  askToSubscribe,
  call,
  type DurableEvent,
  isLocalStack,
  loadRun,
  type Person,
  registerOwner,
  run,
  tlsOptions,
  until,
} from './client.ts';

const CLIENTS = 200;
const CHANNELS = 40;
const CHANNELS_EACH = 5;
const EVENTS = 20_000;
const KILLS = 20;

const followers: Follower[] = [];
const sql = connect(run.postgres ?? 'postgres://nowhere', { timeoutMs: 30_000 });

afterAll(async () => {
  for (const { socket } of followers) socket.disconnect();
  await sql.end({ timeout: 1 });
});

/** What a client knows of one channel: what it received, and where it stands. */
interface State {
  numbers: number[];
  ids: Set<string>;
  position: { epoch: string; offset: number } | undefined;
}

interface Follower {
  socket: Socket;
  states: Map<string, State>;
  ready: Promise<void>;
}

const nothing = { connections: 0, gaps: 0, repeated: 0, disordered: 0, cuts: 0 };
let figures = { ...nothing };

/** A client by contract.md alone: resumes, and refetches when it is told of a gap. */
function follow(token: string, channels: string[], transport: string): Follower {
  const socket = io(run.url, {
    ...tlsOptions,
    transports: [transport],
    forceNew: true,
    auth: { token },
    reconnectionDelay: 100,
    reconnectionDelayMax: 1000,
  });
  const empty = (): State => ({ numbers: [], ids: new Set(), position: undefined });
  const states = new Map(channels.map((channel) => [channel, empty()]));
  const take = ({ id, channel, epoch, offset, data }: DurableEvent) => {
    const state = states.get(channel);
    if (!state) return;
    const { position } = state;
    if (position?.epoch === epoch && offset <= position.offset) figures.repeated++;
    state.position = { epoch, offset };
    if (state.ids.has(id)) return;
    state.ids.add(id);
    const n = Number(data.body);
    if ((state.numbers.at(-1) ?? -1) >= n) figures.disordered++;
    state.numbers.push(n);
  };
  const subscribe = async (channel: string, state: State): Promise<void> => {
    const before = state.position;
    const session = socket.id;
    const answer = await askToSubscribe(socket, { channel, ...before }, (accepted) => {
      for (const event of accepted.events) take(event);
      if (!accepted.recovered) {
        state.position = { epoch: accepted.epoch, offset: accepted.offset };
      }
    });
    if (answer?.ok) {
      if (before && !answer.recovered) await refetch(channel, state);
      return;
    }
    await Bun.sleep(200);
    if (socket.id === session) return subscribe(channel, state);
  };
  const refetch = async (channel: string, state: State) => {
    figures.gaps++;
    const told = await published(channel);
    for (const { id, n } of told) {
      if (!state.ids.has(id)) state.numbers.push(n);
      state.ids.add(id);
    }
    state.numbers.sort((a, b) => a - b);
  };
  const subscribeAll = () => Promise.all([...states].map((entry) => subscribe(...entry)));
  const first = Promise.withResolvers<void>();
  socket.on('event', take);
  socket.on('connect', () => {
    figures.connections++;
    void subscribeAll().then(() => first.resolve());
  });
  const follower = { socket, states, ready: first.promise };
  followers.push(follower);
  return follower;
}

const conversationOf = (channel: string) => channel.split('-')[2] ?? '';

async function published(channel: string): Promise<{ id: string; n: number }[]> {
  const rows = await sql`select event_id, payload->'message'->>'body' as n from outbox
    where name = 'message.created' and payload->'message'->>'conversationId' = ${conversationOf(channel)}
    order by position`;
  const { fromUuid } = await import('@insightdesk/shared/utils');
  return rows.map((row) => ({ id: fromUuid('evt', row.event_id), n: Number(row.n) }));
}

/** Commits facts as an action would: one transaction, many notes; notes cause no e-mail. */
async function publish(owner: Person, channels: string[], from: number, count: number) {
  const rows = Array.from({ length: count }, (_, i) => {
    const n = from + i;
    const conversationId = conversationOf(channels[n % channels.length] ?? '');
    const message = {
      id: newId('msg'),
      conversationId,
      authorId: owner.id,
      kind: 'note',
      body: `${n}`,
      attachments: [],
      clientMessageId: null,
      createdAt: new Date().toISOString(),
    };
    return {
      tenant_id: toUuid(owner.organizationId as never),
      event_id: toUuid(newId('evt')),
      name: 'message.created',
      payload: { message, customerId: owner.id, assigneeId: null },
      request_id: 'chaos',
    };
  });
  await sql`insert into outbox ${sql(rows as never)}`;
}

async function killSomething(n: number): Promise<string> {
  const kinds = ['websocket', 'cut', 'valkey', 'worker', 'websocket'];
  const kind = kinds[n % kinds.length] ?? 'cut';
  if (kind === 'cut') {
    for (const { socket } of followers.filter((_, i) => i % 4 === n % 4)) {
      figures.cuts++;
      socket.io.engine?.close();
    }
    return kind;
  }
  const pid = kind === 'valkey' ? await valkeyPid() : randomPid(kind);
  if (pid) process.kill(pid, 'SIGKILL');
  return kind;
}

function randomPid(kind: string): number | undefined {
  const some = loadRun().services.filter((service) => service.kind === kind);
  return some[Math.floor(Math.random() * some.length)]?.pid;
}

async function valkeyPid(): Promise<number> {
  const valkey = createValkey(run.valkey, { name: 'chaos', role: 'command', onError: () => {} });
  const found = /process_id:(\d+)/.exec(await valkey.info('server'));
  valkey.disconnect();
  return Number(found?.[1]);
}

test.skipIf(!isLocalStack).each(['websocket', 'polling'])(
  '200 clients by %s, 20,000 events, 20 kills: every client ends with the published sequence',
  async (transport) => {
    for (const { socket } of followers.splice(0)) socket.disconnect();
    figures = { ...nothing };
    const owner = await registerOwner();
    const opened: string[] = [];
    for (let i = 0; i < CHANNELS; i++) {
      const body = { subject: `Channel ${i}`, body: 'x' };
      const answer = await call('POST', '/v1/conversations', { token: owner.token, body });
      opened.push(`private-conversation-${answer.body.id}-staff`);
    }
    for (let i = 0; i < CLIENTS; i++) {
      const own = Array.from({ length: CHANNELS_EACH }, (_, k) => opened[(i + k * 7) % CHANNELS]);
      follow(owner.token, own as string[], transport);
    }
    await Promise.all(followers.map(({ ready }) => ready));

    const slice = EVENTS / KILLS;
    for (let k = 0; k < KILLS; k++) {
      await publish(owner, opened, k * slice, slice);
      await Bun.sleep(300 + Math.random() * 700);
      await killSomething(k).catch(() => 'nothing');
    }
    const total = EVENTS / CHANNELS;
    const states = () => followers.flatMap(({ states }) => [...states.values()]);
    const complete = () => states().filter(({ numbers }) => numbers.length >= total).length;
    await until(() => complete() === CLIENTS * CHANNELS_EACH, 120_000).catch(() => {});

    for (const { states } of followers) {
      for (const [channel, { numbers }] of states) {
        const first = opened.indexOf(channel);
        const wanted = Array.from({ length: total }, (_, i) => first + i * CHANNELS);
        expect(numbers).toEqual(wanted);
      }
    }
    const lost = CLIENTS * CHANNELS_EACH - complete();
    console.log(`chaos by ${transport}:`, JSON.stringify({ ...figures, channelsIncomplete: lost }));
    expect(figures).toMatchObject({ repeated: 0, disordered: 0 });
  },
  300_000,
);
