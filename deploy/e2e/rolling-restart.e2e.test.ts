import { afterAll, expect, test } from 'bun:test';
import { call, isLocalStack, type Person, registerOwner, until } from './client.ts';
import { createCrowd, openStaffChannels, type Told } from './followers.ts';
import { replaceService } from './victims.ts';

const WEBSOCKETS = 100;
const POLLERS = 20;
const CHANNELS = 8;
const CHANNELS_EACH = 3;
const PAUSE_MS = 10;

let opened: string[] = [];
let accepted: number[][] = [];
const refused: string[] = [];
const crowd = createCrowd(notesOf);
let owner: Person;

afterAll(() => crowd.close());

const messagesOf = (channel: string) => `/v1/conversations/${channel.split('-')[2]}/messages`;

/** What a client fetches when it is told of a gap; here it never should be. */
async function notesOf(channel: string): Promise<Told[]> {
  const path = `${messagesOf(channel)}?limit=100`;
  const { body } = await call('GET', path, { token: owner.token });
  return body.items.map(({ id, body }: { id: string; body: string }) => ({ id, n: Number(body) }));
}

/** Posts number after number to a channel, each once: nothing is ever tried again, with a key or not. */
async function talk(index: number, isOver: () => boolean): Promise<void> {
  const channel = opened[index] ?? '';
  for (let n = 0; !isOver(); n++) {
    const body = { kind: 'note', body: `${n}` };
    const headers = index % 2 ? { 'Idempotency-Key': `${channel}.${n}` } : {};
    const asked = { token: owner.token, body, headers };
    const { status } = await call('POST', messagesOf(channel), asked).catch((error: Error) => ({
      status: error.message,
    }));
    if (status === 201) accepted[index]?.push(n);
    else refused.push(`${channel} ${n}: ${status}`);
    await Bun.sleep(PAUSE_MS);
  }
}

test.skipIf(!isLocalStack)(
  'a rolling restart of every service under load loses nothing and refuses nothing',
  async () => {
    owner = await registerOwner();
    opened = await openStaffChannels(owner, CHANNELS);
    accepted = opened.map(() => []);
    for (let i = 0; i < WEBSOCKETS + POLLERS; i++) {
      const own = Array.from({ length: CHANNELS_EACH }, (_, k) => opened[(i + k * 3) % CHANNELS]);
      crowd.follow(owner.token, own as string[], i < WEBSOCKETS ? 'websocket' : 'polling');
    }
    await crowd.ready();

    let isOver = false;
    const talks = opened.map((_, index) => talk(index, () => isOver));
    const names = ['websocket-1', 'websocket-2', 'api-1', 'api-2', 'worker-1'];
    for (const name of names) await replaceService(name, 'SIGTERM');
    isOver = true;
    await Promise.all(talks);

    const wanted = (channel: string) => accepted[opened.indexOf(channel)] ?? [];
    const missing = () =>
      crowd.states().filter(([channel, { numbers }]) => numbers.length < wanted(channel).length);
    await until(() => missing().length === 0, 60_000).catch(() => {});
    const lost = crowd
      .states()
      .flatMap(([channel, { numbers }]) => wanted(channel).filter((n) => !numbers.includes(n)));
    const posted = accepted.flat().length;
    const figures = { posted, refused: refused.length, ...crowd.figures, lost: lost.length };
    console.log('rolling restart:', JSON.stringify(figures));

    expect(refused).toEqual([]);
    expect(figures).toMatchObject({ lost: 0, repeated: 0, disordered: 0, gaps: 0 });
    for (const [channel, { numbers }] of crowd.states()) expect(numbers).toEqual(wanted(channel));
    for (const { moves } of crowd.followers) expect(moves.length).toBeGreaterThan(0);
    const moves = crowd.followers.flatMap(({ moves }) => moves);
    for (const { to } of moves) expect(to).toBeDefined();
    // A late one may find the replica that it left back already.
    const elsewhere = moves.filter(({ from, to }) => from !== to);
    expect(elsewhere.length).toBeGreaterThan(moves.length / 2);
  },
  240_000,
);
