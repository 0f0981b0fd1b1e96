import { afterAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import { authenticatedContext, createTestDatabase, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { takesIdempotencyKey } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { createTestUsers, password } from '../../testing/test-users.ts';

const testDatabase = await createTestDatabase();
const api = createIntegrationApi(undefined, {}, testDatabase.url);
/** A second replica. */
const replica = createIntegrationApi(undefined, {}, testDatabase.url);
const admin = connect(testDatabase.adminUrl, { timeoutMs: 10_000 });
/** A connection that locks rows. */
const locker = connect(testDatabase.adminUrl, { timeoutMs: 10_000 });
const own = await api.createTenant();
afterAll(async () => {
  await Promise.all([api.close(), replica.close(), admin.end(), locker.end()]);
  await testDatabase.drop();
});

const key = () => ({ 'Idempotency-Key': crypto.randomUUID() });
const conversation = { subject: 'Help', body: 'It is broken' };
const open = (
  headers: Record<string, string>,
  { on = api, as = own.customer, body = conversation as object } = {},
) => on.request('POST', '/v1/conversations', { as, body, headers });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const isReplay = ({ headers }: Response) => headers.get('Idempotency-Replayed') === 'true';

async function counted(as = own.customer) {
  const response = await api.request('GET', '/v1/conversations?limit=100', { as });
  return ((await response.json()) as { items: unknown[] }).items.length;
}

test('Idempotency-Key: a repeated request returns the stored response on every replica and runs once', async () => {
  const headers = key();
  const first = await open(headers);
  expect([first.status, isReplay(first)]).toEqual([201, false]);
  const before = await counted();
  for (const on of [api, replica]) {
    const again = await open(headers, { on });
    expect([again.status, isReplay(again)]).toEqual([201, true]);
    expect(again.headers.get('ETag')).toBe(first.headers.get('ETag'));
    expect(await again.clone().text()).toBe(await first.clone().text());
  }
  expect(await counted()).toBe(before);
  const quoted = await open({ 'Idempotency-Key': `"${headers['Idempotency-Key']}"` });
  expect(isReplay(quoted)).toBe(true);
});

test('Idempotency-Key: requests without the header run every time', async () => {
  const ids = await Promise.all(
    [1, 2].map(async () => ((await (await open({})).json()) as { id: string }).id),
  );
  expect(new Set(ids).size).toBe(2);
});

test('Idempotency-Key: 30 concurrent requests run once, the others get the response or 409', async () => {
  const customer = await own.addMember('customer');
  const headers = key();
  const responses = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      open(headers, { as: customer, on: n % 2 ? api : replica }),
    ),
  );
  const bodies = new Set<string>();
  for (const answer of responses) {
    if (answer.status === 201) bodies.add(await answer.text());
    else expect(await codeOf(answer)).toBe('IDEMPOTENCY_IN_FLIGHT');
  }
  expect(bodies.size).toBe(1);
  expect(await counted(customer)).toBe(1);
});

test('Idempotency-Key: 409 while the first request is running', async () => {
  const path = await createConversation();
  const headers = key();
  const body = { body: 'We look into it' };
  // The first request waits for the locked row inside its transaction.
  const unlock = await lockConversations();
  const send = (on = api) =>
    on.request('POST', `${path}/messages`, { as: own.agent, body, headers });
  const first = send();
  await until(isWaiting);
  let second = await send(replica);
  expect(second.status).toBe(409);
  expect(second.headers.get('Retry-After')).toBe('1');
  expect(await codeOf(second)).toBe('IDEMPOTENCY_IN_FLIGHT');
  await unlock();
  expect((await first).status).toBe(201);
  second = await send(replica);
  expect([second.status, isReplay(second)]).toEqual([201, true]);
});

test('Idempotency-Key: 422 when used with another body or path', async () => {
  const headers = key();
  await open(headers);
  const changed = { ...conversation, subject: 'Something else' };
  const another = await open(headers, { body: changed });
  expect([another.status, await codeOf(another)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  const path = await createConversation();
  const elsewhere = await api.request('POST', `${path}/messages`, {
    as: own.customer,
    body: { body: 'x' },
    headers,
  });
  expect([elsewhere.status, await codeOf(elsewhere)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
});

test('Idempotency-Key: keys are scoped to the caller', async () => {
  const headers = key();
  const mine = (await (await open(headers)).json()) as { id: string };
  const otherTenant = await api.createTenant();
  for (const as of [own.owner, await own.addMember('customer'), otherTenant.customer]) {
    const theirs = await open(headers, { as });
    expect([theirs.status, isReplay(theirs)]).toEqual([201, false]);
    expect(((await theirs.json()) as { id: string }).id).not.toBe(mine.id);
  }
});

test('Idempotency-Key: a removed member gets 401 instead of the stored response', async () => {
  const admins = await own.addMember('admin');
  const headers = key();
  const send = () => open(headers, { as: admins });
  expect((await send()).status).toBe(201);
  const { userId } = await api.context.security.tokens.verifyAccess(admins);
  await api.request('DELETE', `/v1/members/${userId}`, { as: own.owner });
  expect((await send()).status).toBe(401);
});

test('Idempotency-Key: a failed validation is not stored', async () => {
  const headers = key();
  expect((await open(headers, { body: { ...conversation, subject: ' ' } })).status).toBe(422);
  expect((await open(headers)).status).toBe(201);
});

test('Idempotency-Key: a connection killed before COMMIT leaves neither effect nor key', async () => {
  const customer = await own.addMember('customer');
  const path = await createConversation(customer);
  const headers = key();
  const send = (on = api) =>
    on.request('POST', `${path}/messages`, { as: customer, body: { body: 'Hello?' }, headers });
  const unlock = await lockConversations();
  const first = send();
  await until(isWaiting);
  // PostgreSQL sees a killed process like this. The API retries transactions lost before COMMIT, so
  // the message is written once in any case.
  await admin`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  await unlock();
  expect([201, 503]).toContain((await first).status);
  const again = await send(replica);
  expect(again.status).toBe(201);
  const list = await api.request('GET', `${path}/messages`, { as: customer });
  expect(((await list.json()) as { items: unknown[] }).items).toHaveLength(2);
});

test.each([
  ['empty', ''],
  ['too long', 'x'.repeat(256)],
  ['with a space in it', 'a b'],
  ['beyond ASCII', 'é'],
])('Idempotency-Key: 400 for a key that is %s', async (_, value) => {
  const response = await open({ 'Idempotency-Key': value });
  expect([response.status, await codeOf(response)]).toEqual([400, 'IDEMPOTENCY_KEY_INVALID']);
});

test('Idempotency-Key: an action with two writes reserves once and releases after a rejection', async () => {
  const ctx = await authenticatedContext(api.context, own.owner);
  const keyed = { key: crypto.randomUUID(), fingerprint: ['a'], isIncomplete: true };
  const again = () => {
    const idempotency = createIdempotency(ctx, keyed, (body) => ({
      status: 200,
      body: `${body}`,
      headers: {},
    }));
    return { idempotency, write: () => withTenant({ ...ctx, idempotency }, async () => 'written') };
  };
  const first = again();
  await first.write();
  first.idempotency.addFingerprint(['b']);
  await first.write();
  await first.write();
  await first.idempotency.complete('answer');
  const second = again();
  expect(await second.write()).toBe('written');
  second.idempotency.addFingerprint(['b']);
  const refusal = await second.write().catch((error) => error);
  expect(await second.idempotency.findResponse(refusal)).toMatchObject({ body: 'answer' });
  expect(await second.write()).toBe('written');
});

test('Idempotency-Key: a response too large to store is 409 on repetition, without a second write', async () => {
  const ctx = await authenticatedContext(api.context, own.owner);
  const keyed = { key: crypto.randomUUID(), fingerprint: [] };
  const write = async () => {
    const body = 'x'.repeat(300_000);
    const idempotency = createIdempotency(ctx, keyed, () => ({ status: 200, body, headers: {} }));
    const written = withTenant({ ...ctx, idempotency }, async ({ tx }) =>
      idempotency.store(tx, undefined),
    );
    return written.catch((error) => idempotency.findResponse(error));
  };
  await write();
  await expect(write()).rejects.toMatchObject({ code: 'IDEMPOTENCY_ANSWER_GONE' });
});

test('Idempotency-Key: expires after 24 hours', async () => {
  const headers = key();
  const first = (await (await open(headers)).json()) as { id: string };
  await admin`update idempotency_keys set created_at = now() - interval '23 hours 59 minutes'`;
  expect(isReplay(await open(headers))).toBe(true);
  await admin`update idempotency_keys set created_at = now() - interval '24 hours 1 minute'`;
  const later = await open(headers);
  expect(isReplay(later)).toBe(false);
  expect(((await later.json()) as { id: string }).id).not.toBe(first.id);
});

test('Idempotency-Key: routes that sign in ignore it and store nothing', async () => {
  const { email } = await createTestUsers(api).register();
  const account = { name: 'Nora', organizationName: 'Acme' };
  const countRows = async () => (await admin`select count(*) from idempotency_keys`)[0]?.count;
  const before = await countRows();
  const requests: [path: string, body: object, status: number][] = [
    ['/v1/auth/login', { email, password }, 200],
    ['/v1/auth/register', { ...account, email: `${newId('usr')}@example.com`, password }, 201],
  ];
  for (const [path, body, status] of requests) {
    const headers = key();
    const bodies = new Set<string>();
    for (const on of [api, replica]) {
      const response = await on.request('POST', path, { body, headers });
      expect([path, response.status, isReplay(response)]).toEqual([path, status, false]);
      bodies.add(await response.text());
    }
    expect([path, bodies.size]).toEqual([path, 2]);
  }
  expect(await countRows()).toBe(before);
  const publicRoutes = routes.filter(({ allow }) => allow === 'anyone');
  expect(publicRoutes.filter(takesIdempotencyKey)).toEqual([]);
});

test('Idempotency-Key: responses with secrets are stored encrypted', async () => {
  const headers = key();
  const body = { name: 'Deploy', permissions: ['members:read'] };
  const created = await api.request('POST', '/v1/api-keys', { as: own.owner, body, headers });
  const { secret } = (await created.json()) as { secret: string };
  const rows = await admin`select idempotency_keys::text as text from idempotency_keys`;
  const text = JSON.stringify(rows);
  for (const value of [secret, headers['Idempotency-Key']]) {
    expect(value.length).toBeGreaterThan(20);
    expect(text).not.toContain(value);
    expect(text).not.toContain(Buffer.from(value).toString('base64').slice(0, 20));
  }
});

test('Idempotency-Key: a repeated upload is stored once, another file is 422', async () => {
  const headers = key();
  const upload = (text: string, on = api) => {
    const body = new FormData();
    body.append('file', new File([text], 'notes.txt', { type: 'text/plain' }));
    return on.request('POST', '/v1/attachments', { as: own.agent, body, headers });
  };
  const first = await upload('one');
  expect(first.status).toBe(201);
  const again = await upload('one');
  expect([again.status, isReplay(again)]).toEqual([201, true]);
  expect(await again.json()).toEqual(await first.json());
  const another = await upload('two');
  expect(await codeOf(another)).toBe('IDEMPOTENCY_KEY_REUSED');
});

test('Idempotency-Key: a write without a stored response is 409 on repetition', async () => {
  const { accessToken: as, organization } = await createTestUsers(api).register();
  const headers = key();
  const create = () =>
    api.request('POST', '/v1/organizations', { as, body: { name: 'Another' }, headers });
  await create();
  const loseResponse = (age: string) =>
    admin`update idempotency_keys set response = null, completed_at = null, created_at = now() - ${age}::interval
      where tenant_id = ${toUuid(organization.id as Id<'org'>)}`;
  await loseResponse('0 seconds');
  expect(await codeOf(await create())).toBe('IDEMPOTENCY_IN_FLIGHT');
  await loseResponse('2 minutes');
  expect(await codeOf(await create())).toBe('IDEMPOTENCY_ANSWER_GONE');
});

async function createConversation(as = own.customer) {
  const { id } = (await (await open({}, { as })).json()) as { id: string };
  return `/v1/conversations/${id}`;
}

async function lockConversations() {
  const locked = Promise.withResolvers<void>();
  const unlocked = Promise.withResolvers<void>();
  const transaction = locker.begin(async (sql) => {
    await sql`select 1 from conversations for update`;
    locked.resolve();
    await unlocked.promise;
  });
  await locked.promise;
  return () => {
    unlocked.resolve();
    return transaction;
  };
}

async function isWaiting() {
  const [row] = await admin`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.n === 1;
}
