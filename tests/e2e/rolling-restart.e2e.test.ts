import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { bySize, isLongTier } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { createTestDirectory } from '../../tools/test-runner/test-directory.ts';
import { call, createOrganization, isLocalStack, run, type TestUser } from './client.ts';
import { createFollowers, createStaffChannels, type NumberedEvent } from './followers.ts';
import { restartService } from './kill-targets.ts';
import { readEmailed } from './outage/delivery.ts';
import { startPrivateStack } from './private-stack.ts';
import { createRelease, findPreviousRelease, migrateWith } from './releases/create-release.ts';
import { contract, expand } from './releases/next-release.ts';
import { rollRelease, switchLink } from './releases/roll-release.ts';

const WEBSOCKETS = bySize(12, 100);
const POLLERS = bySize(4, 20);
const CHANNELS = 8;
const CHANNELS_EACH = 3;
const PAUSE_MS = bySize(40, 10);
const MAIL_PAUSE_MS = 250;
/** Accepted posts while old and new services serve side by side. */
const POSTS_BETWEEN = bySize(30, 60);

let channels: string[] = [];
let accepted: number[][] = [];
const failed: string[] = [];
const followers = createFollowers(listNotes);
let people: Awaited<ReturnType<typeof createOrganization>>;
let owner: TestUser;
/** Only releases need a stack of their own. */
let stack: Awaited<ReturnType<typeof startPrivateStack>> | undefined;
let sql: ReturnType<typeof connect>;

const trees = createTestDirectory();
const link = join(trees.path, 'current');
const previous =
  isLongTier && isLocalStack
    ? await findPreviousRelease(join(trees.path, 'previous'))
    : { reason: 'this is not a local stack' };

beforeAll(async () => {
  if (!isLocalStack) return;
  if (isLongTier) {
    switchLink(link, 'commit' in previous ? join(trees.path, 'previous') : root);
    stack = await startPrivateStack({ release: link });
    await stack.startOne('worker-2');
  }
  sql = connect(run.postgres, { timeoutMs: 30_000 });
  people = await createOrganization();
  owner = people.owner;
  channels = await createStaffChannels(owner, CHANNELS);
  accepted = channels.map(() => []);
});

afterAll(async () => {
  followers.close();
  await sql?.end({ timeout: 1 });
  await stack?.close();
  trees.remove();
});

const messagesOf = (channel: string) => `/v1/conversations/${channel.split('-')[2]}/messages`;

/** Refetches the notes of a channel, which clients do after a gap. */
async function listNotes(channel: string): Promise<NumberedEvent[]> {
  const path = `${messagesOf(channel)}?limit=100`;
  const { body } = await call('GET', path, { token: owner.token });
  return body.items.map(({ id, body }: { id: string; body: string }) => ({ id, n: Number(body) }));
}

/** Sends a request without retries, and records a failure. */
async function request(...[method, path, options]: Parameters<typeof call>): Promise<boolean> {
  const { status } = await call(method, path, options).catch((error: Error) => ({
    status: error.message,
  }));
  const isAccepted = status === 200 || status === 201;
  if (!isAccepted) failed.push(`${method} ${path} ${JSON.stringify(options?.body)}: ${status}`);
  return isAccepted;
}

/** Posts increasing numbers to a channel, and reads some of them. */
async function postNotes(index: number, isOver: () => boolean): Promise<void> {
  const channel = channels[index] ?? '';
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

/** Posts messages of a customer, each of which is emailed to absent staff. */
async function postMessages(numbers: number[], isOver: () => boolean): Promise<void> {
  const { token } = people.customer;
  const body = { subject: 'A release', body: 'It begins' };
  const { id } = (await call('POST', '/v1/conversations', { token, body })).body;
  for (let n = 0; !isOver(); n++) {
    const options = { token, body: { body: `${n}` } };
    if (await request('POST', `/v1/conversations/${id}/messages`, options)) numbers.push(n);
    await Bun.sleep(MAIL_PAUSE_MS);
  }
}

const posted = () => accepted.flat().length;
async function waitForPosts(): Promise<void> {
  const enough = posted() + POSTS_BETWEEN;
  await until(() => posted() >= enough, { timeoutMs: 60_000 });
}

const migrate = (tree: string) =>
  migrateWith(tree, stack?.environment.DATABASE_MIGRATION_URL ?? '');

/** Migrates while a long transaction uses the table. Other requests must not wait for it. */
async function migrateDuringTransaction(tree: string) {
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

/** The releases that wrote the newest messages. */
async function listNewestOrigins(): Promise<string[]> {
  const rows = await sql`select distinct origin from
    (select origin from messages order by created_at desc limit ${POSTS_BETWEEN}) newest order by origin`;
  return rows.map(({ origin }) => origin);
}

function connectFollowers(): Promise<unknown> {
  for (let i = 0; i < WEBSOCKETS + POLLERS; i++) {
    const followed = Array.from(
      { length: CHANNELS_EACH },
      (_, k) => channels[(i + k * 3) % CHANNELS],
    );
    followers.follow(owner.token, followed as string[], i < WEBSOCKETS ? 'websocket' : 'polling');
  }
  return followers.ready();
}

/** Replaces every service of the stack of all tests, in two waves. */
async function restartServices(): Promise<void> {
  await rollRelease((name) => restartService(name, 'SIGTERM'), waitForPosts);
  await waitForPosts();
}

/** Rolls forward and back. Old and new releases serve side by side in each step. */
async function rollReleases(): Promise<void> {
  const [next, last] = ['next', 'last'].map((name) => join(trees.path, name)) as [string, string];
  createRelease(next, [expand]);
  createRelease(last, [expand, contract]);
  const rollTo = async (tree: string, between = waitForPosts) => {
    switchLink(link, tree);
    await rollRelease(async (name) => stack?.restart(name), between);
    await waitForPosts();
  };

  if ('commit' in previous) {
    expect((await migrate(root)).code).toBe(0);
    await rollTo(root);
  } else console.log('no older release:', previous.reason);
  expect(await migrateDuringTransaction(next)).toMatchObject({ code: 0 });
  await rollTo(next, async () => {
    // nginx skips a restarted API for a second.
    await until(async () => (await listNewestOrigins()).length, { atLeast: 2, timeoutMs: 60_000 });
    expect(await listNewestOrigins()).toEqual(['before', 'next']);
  });
  await rollTo(root);
  expect(await listNewestOrigins()).toEqual(['before']);
  await rollTo(next);
  expect(await listNewestOrigins()).toEqual(['next']);
  expect(await migrate(last)).toMatchObject({ code: 0 });
  await rollTo(last);
}

/** Expects that all clients were drained and reconnected, most of them to the other replica. */
function expectReconnects(): void {
  for (const { moves } of followers.list) expect(moves.length).toBeGreaterThan(0);
  const moves = followers.list.flatMap(({ moves }) => moves);
  for (const { to } of moves) expect(to).toBeDefined();
  // A late client may find its old replica restarted.
  const toOtherReplica = moves.filter(({ from, to }) => from !== to);
  expect(toOtherReplica.length).toBeGreaterThan(moves.length / 2);
}

test.skipIf(!isLocalStack)(
  `${bySize('a rolling restart', 'rolling releases with a schema change')} under load: no request fails, no event is lost or repeated`,
  async () => {
    await connectFollowers();
    let isOver = false;
    const written: number[] = [];
    const posting = channels.map((_, index) => postNotes(index, () => isOver));
    const writing = postMessages(written, () => isOver);
    await bySize(restartServices, rollReleases)();
    isOver = true;
    await Promise.all([...posting, writing]);

    const expected = (channel: string) => accepted[channels.indexOf(channel)] ?? [];
    const missing = () =>
      followers
        .states()
        .filter(([channel, { numbers }]) => numbers.length < expected(channel).length);
    await until(() => missing().length, { equals: 0, timeoutMs: 60_000 }).catch(() => {});
    // Emails of the new release wait for later messages; the sweep finds those that are due.
    await sql`update pending_notifications set due_at = now()`;
    const emailed = () => readEmailed(people.absent.email, 'A release');
    const countEmailed = async () => {
      const { numbers, more } = await emailed();
      return numbers.length + more;
    };
    const isEmailed = async () => (await countEmailed()) >= written.length;
    await until(isEmailed, { timeoutMs: 90_000 }).catch(() => {});
    const lost = followers
      .states()
      .flatMap(([channel, { numbers }]) => expected(channel).filter((n) => !numbers.includes(n)));
    const { numbers: mails, more } = await emailed();
    if (failed.length > 0) console.log(stack?.lastLines().join('\n'));

    expect(failed).toEqual([]);
    expect(lost).toEqual([]);
    expect(followers.counts).toMatchObject({ repeated: 0, disordered: 0, gaps: 0 });
    for (const [channel, { numbers }] of followers.states())
      expect(numbers).toEqual(expected(channel));
    expect(mails.length + more).toBe(written.length);
    expect(new Set(mails).size).toBe(mails.length);
    const [pending] = await sql`select count(*)::int as count from outbox
      where tenant_id = ${toUuid(owner.organizationId as Id<'org'>)}
        and (failure is not null or relayed_at is null)`;
    expect(pending?.count).toBe(0);
    expectReconnects();
  },
  300_000,
);
