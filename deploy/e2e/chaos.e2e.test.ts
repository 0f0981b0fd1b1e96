import { afterAll, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { fromUuid, newId, toUuid } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';
import { call, isLocalStack, loadRun, type Person, registerOwner, run, until } from './client.ts';
import { createCrowd, type Told } from './followers.ts';

const CLIENTS = 200;
const CHANNELS = 40;
const CHANNELS_EACH = 5;
const EVENTS = 20_000;
const KILLS = 20;

let crowd = createCrowd(published);
const sql = connect(run.postgres ?? 'postgres://nowhere', { timeoutMs: 30_000 });

afterAll(async () => {
  crowd.close();
  await sql.end({ timeout: 1 });
});

const conversationOf = (channel: string) => channel.split('-')[2] ?? '';

async function published(channel: string): Promise<Told[]> {
  const rows = await sql`select event_id, payload->'message'->>'body' as n from outbox
    where name = 'message.created' and payload->'message'->>'conversationId' = ${conversationOf(channel)}
    order by position`;
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
    for (const { socket } of crowd.followers.filter((_, i) => i % 4 === n % 4)) {
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
    crowd.close();
    crowd = createCrowd(published);
    const owner = await registerOwner();
    const opened: string[] = [];
    for (let i = 0; i < CHANNELS; i++) {
      const body = { subject: `Channel ${i}`, body: 'x' };
      const answer = await call('POST', '/v1/conversations', { token: owner.token, body });
      opened.push(`private-conversation-${answer.body.id}-staff`);
    }
    for (let i = 0; i < CLIENTS; i++) {
      const own = Array.from({ length: CHANNELS_EACH }, (_, k) => opened[(i + k * 7) % CHANNELS]);
      crowd.follow(owner.token, own as string[], transport);
    }
    await crowd.ready();

    const slice = EVENTS / KILLS;
    for (let k = 0; k < KILLS; k++) {
      await publish(owner, opened, k * slice, slice);
      await Bun.sleep(300 + Math.random() * 700);
      await killSomething(k).catch(() => 'nothing');
    }
    const total = EVENTS / CHANNELS;
    const complete = () =>
      crowd.states().filter(([, { numbers }]) => numbers.length >= total).length;
    await until(() => complete() === CLIENTS * CHANNELS_EACH, 120_000).catch(() => {});

    for (const [channel, { numbers }] of crowd.states()) {
      const first = opened.indexOf(channel);
      const wanted = Array.from({ length: total }, (_, i) => first + i * CHANNELS);
      expect(numbers).toEqual(wanted);
    }
    const lost = CLIENTS * CHANNELS_EACH - complete();
    console.log(
      `chaos by ${transport}:`,
      JSON.stringify({ ...crowd.figures, channelsIncomplete: lost }),
    );
    expect(crowd.figures).toMatchObject({ repeated: 0, disordered: 0 });
  },
  300_000,
);
