import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { connect } from '@insightdesk/shared/database';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import { call, createOrganization, isLocalStack, listEmails, type Person } from './client.ts';
import { createFollowers, type NumberedEvent, openStaffChannels } from './followers.ts';
import { startPrivateStack } from './private-stack.ts';
import { contract, expand } from './releases/next-release.ts';
import { pointTo, roll } from './releases/roll.ts';
import { findPreviousRelease, makeRelease, migrateWith } from './releases/trees.ts';

/** The whole way, with a followers, takes a minute more. */
const isFull = process.env.RELEASES === 'all';
const WEBSOCKETS = isFull ? 100 : 24;
const POLLERS = isFull ? 20 : 6;
const CHANNELS = 8;
const CHANNELS_EACH = 3;
const PAUSE_MS = isFull ? 10 : 40;
const MAIL_PAUSE_MS = 250;
/** What has to be accepted while two releases serve side by side. */
const BETWEEN = 60;

let opened: string[] = [];
let accepted: number[][] = [];
let requests = 0;
const failed: string[] = [];
const followers = createFollowers(notesOf);
let people: Awaited<ReturnType<typeof createOrganization>>;
let owner: Person;
let stack: Awaited<ReturnType<typeof startPrivateStack>>;
let sql: ReturnType<typeof connect>;

const trees = createTestDirectory();
const link = join(trees.path, 'current');
const previous = isLocalStack
  ? await findPreviousRelease(join(trees.path, 'previous'))
  : { reason: 'not here' };

beforeAll(async () => {
  if (!isLocalStack) return;
  pointTo(link, 'commit' in previous ? join(trees.path, 'previous') : root);
  stack = await startPrivateStack({ release: link });
  await stack.startOne('worker-2');
  sql = connect(stack.run.postgres, { timeoutMs: 30_000 });
  people = await createOrganization();
  owner = people.owner;
  opened = await openStaffChannels(owner, CHANNELS);
  accepted = opened.map(() => []);
});

afterAll(async () => {
  followers.close();
  await sql?.end({ timeout: 1 });
  await stack?.close();
  trees.remove();
});

const messagesOf = (channel: string) => `/v1/conversations/${channel.split('-')[2]}/messages`;

/** What a client fetches when it is summary of a gap; here it never should be. */
async function notesOf(channel: string): Promise<NumberedEvent[]> {
  const path = `${messagesOf(channel)}?limit=100`;
  const { body } = await call('GET', path, { token: owner.token });
  return body.items.map(({ id, body }: { id: string; body: string }) => ({ id, n: Number(body) }));
}

/** Asks once: nothing is ever tried again, with a key or not. */
async function request(...[method, path, asked]: Parameters<typeof call>): Promise<boolean> {
  requests++;
  const { status } = await call(method, path, asked).catch((error: Error) => ({
    status: error.message,
  }));
  const isFine = status === 200 || status === 201;
  if (!isFine) failed.push(`${method} ${path} ${JSON.stringify(asked?.body)}: ${status}`);
  return isFine;
}

/** Posts number after number to a channel, and reads them now and then. */
async function postNotes(index: number, isOver: () => boolean): Promise<void> {
  const channel = opened[index] ?? '';
  for (let n = 0; !isOver(); n++) {
    const body = { kind: 'note', body: `${n}` };
    const headers = index % 2 ? { 'Idempotency-Key': `${channel}.${n}` } : {};
    const { token } = owner;
    if (await request('POST', messagesOf(channel), { token, body, headers }))
      accepted[index]?.push(n);
    if (n % 4 === index % 4) await request('GET', `${messagesOf(channel)}?limit=20`, { token });
    await Bun.sleep(PAUSE_MS);
  }
}

/** A customer writes, of which each of the staff who is away gets one e-mail. */
async function postMessages(numbers: number[], isOver: () => boolean): Promise<void> {
  const { token } = people.customer;
  const body = { subject: 'A release', body: 'It begins' };
  const { id } = (await call('POST', '/v1/conversations', { token, body })).body;
  for (let n = 0; !isOver(); n++) {
    const asked = { token, body: { body: `${n}` } };
    if (await request('POST', `/v1/conversations/${id}/messages`, asked)) numbers.push(n);
    await Bun.sleep(MAIL_PAUSE_MS);
  }
}

async function listEmailed(): Promise<number[]> {
  const mails = await listEmails(people.absent.email);
  return mails
    .filter(({ subject }) => subject.includes('A release'))
    .flatMap(({ text }) => /^\s*(\d+)\s*$/m.exec(text)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

const posted = () => accepted.flat().length;
async function waitForPosts(): Promise<void> {
  const enough = posted() + BETWEEN;
  await until(() => posted() >= enough, { timeoutMs: 60_000 });
}

async function migrate(tree: string, words?: string[]) {
  return migrateWith(tree, stack.environment.DATABASE_MIGRATION_URL ?? '', words);
}

/** Migrates while somebody's long transaction uses the table; nobody else waits for that one. */
async function migrateBehind(tree: string) {
  const { migrated } = await sql.begin(async (tx) => {
    await tx`lock table messages in access share mode`;
    const migrated = migrate(tree);
    await until(
      async () =>
        (await tx`select from pg_locks where relation = 'messages'::regclass and not granted`)
          .length,
      { atLeast: 1, timeoutMs: 30_000 },
    );
    await waitForPosts();
    return { migrated };
  });
  return migrated;
}

/** Which releases wrote the newest messages. */
async function authorsOfNewest(): Promise<string[]> {
  const rows = await sql`select distinct origin from
    (select origin from messages order by created_at desc limit ${BETWEEN}) newest order by origin`;
  return rows.map(({ origin }) => origin);
}

function connectFollowers(): Promise<unknown> {
  for (let i = 0; i < WEBSOCKETS + POLLERS; i++) {
    const own = Array.from({ length: CHANNELS_EACH }, (_, k) => opened[(i + k * 3) % CHANNELS]);
    followers.follow(owner.token, own as string[], i < WEBSOCKETS ? 'websocket' : 'polling');
  }
  return followers.ready();
}

/** The whole way, with old and new side by side in each step. */
async function rollAlong(): Promise<string[]> {
  const [next, last] = ['next', 'last'].map((name) => join(trees.path, name)) as [string, string];
  makeRelease(next, [expand]);
  makeRelease(last, [expand, contract]);
  const startedAt = performance.now();
  const steps: string[] = [];
  const to = async (what: string, tree: string, between = waitForPosts) => {
    pointTo(link, tree);
    await roll(stack, between);
    await waitForPosts();
    steps.push(`${what} ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  };

  if ('commit' in previous) {
    expect((await migrate(root)).code).toBe(0);
    await to(`from ${previous.commit.slice(0, 7)}`, root);
  } else console.log('no older release:', previous.reason);
  expect(await migrateBehind(next)).toMatchObject({ code: 0 });
  await to('expand', next, async () => {
    // nginx leaves one alone for a second that was away.
    await until(async () => (await authorsOfNewest()).length, { atLeast: 2, timeoutMs: 60_000 });
    expect(await authorsOfNewest()).toEqual(['before', 'next']);
  });
  await to('back', root);
  expect(await authorsOfNewest()).toEqual(['before']);
  if (!isFull) return steps;
  await to('again', next);
  expect(await authorsOfNewest()).toEqual(['next']);
  expect(await migrate(last)).toMatchObject({ code: 0 });
  await to('contract', last);
  return steps;
}

/** Everybody was summary to go, came up again, and mostly elsewhere. */
function expectMoves(): void {
  for (const { moves } of followers.list) expect(moves.length).toBeGreaterThan(0);
  const moves = followers.list.flatMap(({ moves }) => moves);
  for (const { to } of moves) expect(to).toBeDefined();
  // A late one may find the replica that it left back already.
  const elsewhere = moves.filter(({ from, to }) => from !== to);
  expect(elsewhere.length).toBeGreaterThan(moves.length / 2);
}

test.skipIf(!isLocalStack)(
  'rolling releases with a schema change under load fail no request and lose or repeat no event',
  async () => {
    await connectFollowers();
    let isOver = false;
    const written: number[] = [];
    const talks = opened.map((_, index) => postNotes(index, () => isOver));
    const writing = postMessages(written, () => isOver);
    const steps = await rollAlong();
    isOver = true;
    await Promise.all([...talks, writing]);

    const wanted = (channel: string) => accepted[opened.indexOf(channel)] ?? [];
    const missing = () =>
      followers
        .states()
        .filter(([channel, { numbers }]) => numbers.length < wanted(channel).length);
    await until(() => missing().length, { equals: 0, timeoutMs: 60_000 }).catch(() => {});
    await until(async () => (await listEmailed()).length >= written.length, {
      timeoutMs: 60_000,
    }).catch(() => {});
    const lost = followers
      .states()
      .flatMap(([channel, { numbers }]) => wanted(channel).filter((n) => !numbers.includes(n)));
    const events = followers.states().reduce((sum, [, { numbers }]) => sum + numbers.length, 0);
    const mails = await listEmailed();
    const { repeated: double, ...others } = followers.counts;
    const counts = { requests, failed: failed.length, events, lost: lost.length, double };
    const summary = { steps, ...counts, posted: posted(), mails: mails.length, ...others };
    console.log('releases:', JSON.stringify(summary));
    if (failed.length > 0) console.log(stack.lastLines().join('\n'));

    expect(failed).toEqual([]);
    expect(summary).toMatchObject({ lost: 0, double: 0, disordered: 0, gaps: 0 });
    for (const [channel, { numbers }] of followers.states())
      expect(numbers).toEqual(wanted(channel));
    expect(mails).toEqual(written);
    const [untold] = await sql`select count(*)::int as count from outbox
      where failure is not null or relayed_at is null`;
    expect(untold?.count).toBe(0);
    expectMoves();
  },
  300_000,
);
