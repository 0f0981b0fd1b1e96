import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@insightdesk/shared/database';
import { type Id, newId, toUuid } from '@insightdesk/shared/utils';
import { io, type Socket } from 'socket.io-client';
import type { Row } from './run.ts';

const CLIENTS = 100;
const BURST = 400;
const ROUNDS = 5;
const SINGLES = 100;

interface Event {
  at: number;
}

const run = JSON.parse(readFileSync(process.env.INSIGHTDESK_RUN ?? '.data/run.json', 'utf8'));
const service = (kind: string): string =>
  run.services.find((one: { kind: string }) => one.kind === kind).url;

const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
const median = (values: number[]) => sorted(values)[values.length >> 1] ?? 0;
const p99 = (values: number[]) => sorted(values)[Math.floor(values.length * 0.99)] ?? 0;

/** Events to `CLIENTS` sockets: how many per second in a burst, and how late a single one is. */
async function measureSide(sockets: Socket[], publish: (count: number) => Promise<void> | void) {
  let received = 0;
  let late: number[] = [];
  for (const socket of sockets) {
    socket.on('event', (event: Event | { data: { message?: never; at: number } }) => {
      received++;
      late.push(Date.now() - ('at' in event ? Number(new Date(event.at)) : event.data.at));
    });
  }
  const deliver = async (count: number) => {
    const wanted = received + count * sockets.length;
    const startedAt = performance.now();
    await publish(count);
    while (received < wanted) await Bun.sleep(1);
    return (count * sockets.length) / ((performance.now() - startedAt) / 1000);
  };
  await deliver(BURST);
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) rates.push(await deliver(BURST));
  late = [];
  for (let n = 0; n < SINGLES; n++) {
    await deliver(1);
    await Bun.sleep(5);
  }
  return { rate: median(rates), p50: median(late), p99: p99(late) };
}

async function connectAll(url: string, auth: object): Promise<Socket[]> {
  const sockets = Array.from({ length: CLIENTS }, () =>
    io(url, { transports: ['websocket'], forceNew: true, auth }),
  );
  await Promise.all(sockets.map((socket) => new Promise<void>((ok) => socket.on('connect', ok))));
  return sockets;
}

async function measureFloor() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'bare-sockets.ts')], {
    env: { ...process.env, VALKEY_URL: run.valkey },
    stdin: 'pipe',
    stdout: 'pipe',
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  const sockets = await connectAll(`http://127.0.0.1:${port}`, {});
  await Bun.sleep(200);
  const result = await measureSide(sockets, (count) => {
    void child.stdin.write(`${count}\n`);
    void child.stdin.flush();
  });
  for (const socket of sockets) socket.disconnect();
  child.kill();
  await child.exited;
  return result;
}

/** From a commit in PostgreSQL through outbox, relay, channel log and hub to every socket. */
async function measureOurs() {
  const answer = await fetch(`${service('api')}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      email: `bench-${Date.now()}@example.com`,
      password: 'correct horse battery',
      name: 'Bench',
      organizationName: 'Bench',
    }),
  });
  const { user, organization, accessToken } = (await answer.json()) as {
    user: { id: Id<'usr'> };
    organization: { id: Id<'org'> };
    accessToken: string;
  };
  const sockets = await connectAll(service('websocket'), { token: accessToken });
  const channel = `private-organization-${organization.id}`;
  for (const socket of sockets) {
    const { ok } = await socket.timeout(10_000).emitWithAck('subscribe', { channel });
    if (!ok) throw new Error('A subscription was refused');
  }
  const sql = connect(run.postgres, { timeoutMs: 30_000 });
  const result = await measureSide(sockets, async (count) => {
    const rows = Array.from({ length: count }, () => ({
      tenant_id: toUuid(organization.id),
      event_id: toUuid(newId('evt')),
      name: 'member.joined',
      payload: { userId: user.id, name: 'x'.repeat(200), role: 'agent' },
      request_id: 'bench',
      created_at: new Date(),
    }));
    await sql`insert into outbox ${sql(rows as never)}`;
  });
  for (const socket of sockets) socket.disconnect();
  await sql.end();
  return result;
}

/** Fan-out and latency beside Socket.IO with its Redis adapter on Bun, in the same run. */
export default async function measure(): Promise<Row[]> {
  const floor = await measureFloor();
  const ours = await measureOurs();
  return [
    { name: `fan-out to ${CLIENTS}`, unit: 'deliveries/s', floor: floor.rate, ours: ours.rate },
    { name: 'commit to client, p50', unit: 'ms', floor: floor.p50, ours: ours.p50 },
    { name: 'commit to client, p99', unit: 'ms', floor: floor.p99, ours: ours.p99 },
  ];
}
