import { afterAll, beforeAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { connect } from '@insightdesk/shared/database';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import { createTestDatabase, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { routes } from '../../routes.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';

let place: Awaited<ReturnType<typeof createTestDatabase>>;
let api: ReturnType<typeof createIntegrationApi>;
/** Another replica. */
let other: ReturnType<typeof createIntegrationApi>;
let admin: ReturnType<typeof connect>;
/** Holds rows as another transaction would. */
let holder: typeof admin;
let own: Awaited<ReturnType<typeof api.createTenant>>;
beforeAll(async () => {
  place = await createTestDatabase();
  api = createIntegrationApi(undefined, {}, place.url);
  other = createIntegrationApi(undefined, {}, place.url);
  admin = connect(place.adminUrl, { timeoutMs: 10_000 });
  holder = connect(place.adminUrl, { timeoutMs: 10_000 });
  own = await api.createTenant();
});
afterAll(async () => {
  await Promise.all([api.close(), other.close(), admin.end(), holder.end()]);
  await place.drop();
});

const key = () => ({ 'Idempotency-Key': crypto.randomUUID() });
const wanted = { subject: 'Help', body: 'It is broken' };
const open = (
  headers: Record<string, string>,
  { on = api, as = own.customer, body = wanted as object } = {},
) => on.request('POST', '/v1/conversations', { as, body, headers });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const isReplay = ({ headers }: Response) => headers.get('Idempotency-Replayed') === 'true';

async function counted(as = own.customer) {
  const response = await api.request('GET', '/v1/conversations?limit=100', { as });
  return ((await response.json()) as { items: unknown[] }).items.length;
}

test('the same again is answered the same, by every replica, and done once', async () => {
  const headers = key();
  const first = await open(headers);
  expect([first.status, isReplay(first)]).toEqual([201, false]);
  const before = await counted();
  for (const on of [api, other]) {
    const again = await open(headers, { on });
    expect([again.status, isReplay(again)]).toEqual([201, true]);
    expect(again.headers.get('ETag')).toBe(first.headers.get('ETag'));
    expect(await again.clone().text()).toBe(await first.clone().text());
  }
  expect(await counted()).toBe(before);
  const quoted = await open({ 'Idempotency-Key': `"${headers['Idempotency-Key']}"` });
  expect(isReplay(quoted)).toBe(true);
});

test('without the header each is one of its own', async () => {
  const ids = await Promise.all(
    [1, 2].map(async () => ((await (await open({})).json()) as { id: string }).id),
  );
  expect(new Set(ids).size).toBe(2);
});

test('many at once over two replicas: one effect, one answer, the others are told to wait', async () => {
  const customer = await own.addMember('customer');
  const headers = key();
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => open(headers, { as: customer, on: n % 2 ? api : other })),
  );
  const bodies = new Set<string>();
  for (const answer of answers) {
    if (answer.status === 201) bodies.add(await answer.text());
    else expect(await codeOf(answer)).toBe('IDEMPOTENCY_IN_FLIGHT');
  }
  expect(bodies.size).toBe(1);
  expect(await counted(customer)).toBe(1);
});

test('409 while the first is running', async () => {
  const path = await opened();
  const headers = key();
  const body = { body: 'We look into it' };
  // Whoever holds the row makes the first one wait inside its transaction.
  const letGo = await holdConversations();
  const send = (on = api) =>
    on.request('POST', `${path}/messages`, { as: own.agent, body, headers });
  const first = send();
  await until(isWaiting);
  let second = await send(other);
  expect(second.status).toBe(409);
  expect(second.headers.get('Retry-After')).toBe('1');
  expect(await codeOf(second)).toBe('IDEMPOTENCY_IN_FLIGHT');
  await letGo();
  expect((await first).status).toBe(201);
  second = await send(other);
  expect([second.status, isReplay(second)]).toEqual([201, true]);
});

test('422 for another body, path or method', async () => {
  const headers = key();
  await open(headers);
  const changed = { ...wanted, subject: 'Something else' };
  const another = await open(headers, { body: changed });
  expect([another.status, await codeOf(another)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
  const path = await opened();
  const elsewhere = await api.request('POST', `${path}/messages`, {
    as: own.customer,
    body: { body: 'x' },
    headers,
  });
  expect([elsewhere.status, await codeOf(elsewhere)]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
});

test('the key of one caller means nothing to another', async () => {
  const headers = key();
  const mine = (await (await open(headers)).json()) as { id: string };
  const strangers = await api.createTenant();
  for (const as of [own.owner, await own.addMember('customer'), strangers.customer]) {
    const theirs = await open(headers, { as });
    expect([theirs.status, isReplay(theirs)]).toEqual([201, false]);
    expect(((await theirs.json()) as { id: string }).id).not.toBe(mine.id);
  }
});

test('who may no longer come in is not answered again', async () => {
  const admins = await own.addMember('admin');
  const headers = key();
  const act = () => open(headers, { as: admins });
  expect((await act()).status).toBe(201);
  const { userId } = await api.context.security.tokens.verifyAccess(admins);
  await api.request('DELETE', `/v1/members/${userId}`, { as: own.owner });
  expect((await act()).status).toBe(401);
});

test('a refusal is not remembered: nothing was done', async () => {
  const headers = key();
  expect((await open(headers, { body: { ...wanted, subject: ' ' } })).status).toBe(422);
  expect((await open(headers)).status).toBe(201);
});

test('an API that is killed before its COMMIT leaves neither effect nor key', async () => {
  const customer = await own.addMember('customer');
  const path = await opened(customer);
  const headers = key();
  const send = (on = api) =>
    on.request('POST', `${path}/messages`, { as: customer, body: { body: 'Hello?' }, headers });
  const letGo = await holdConversations();
  const first = send();
  await until(isWaiting);
  // What the server sees of a process that is gone; a loss before COMMIT is tried again by itself,
  // so that this is one effect in any case.
  await admin`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  await letGo();
  expect([201, 503]).toContain((await first).status);
  const again = await send(other);
  expect(again.status).toBe(201);
  const list = await api.request('GET', `${path}/messages`, { as: customer });
  expect(((await list.json()) as { items: unknown[] }).items).toHaveLength(2);
});

test.each([
  ['empty', ''],
  ['too long', 'x'.repeat(256)],
  ['with a space in it', 'a b'],
  ['beyond ASCII', 'é'],
])('400: a key that is %s', async (_, value) => {
  const response = await open({ 'Idempotency-Key': value });
  expect([response.status, await codeOf(response)]).toEqual([400, 'IDEMPOTENCY_KEY_INVALID']);
});

test.each(
  routes
    .filter(({ method, protocol }) => method !== 'GET' && !protocol)
    .map((route) => [route.method, route.path, route]),
)('%s %s looks at the key', async (method, path, { allow, body }) => {
  const file = new FormData();
  file.append('file', new File(['x'], 'x.txt'));
  const response = await api.request(method, path.replaceAll(/:\w+/g, 'x'), {
    ...(allow !== 'anyone' && { as: own.owner }),
    ...(method !== 'DELETE' && { body: body ? file : {} }),
    headers: { 'Idempotency-Key': 'not a key' },
  });
  expect([response.status, await codeOf(response)]).toEqual([400, 'IDEMPOTENCY_KEY_INVALID']);
});

test('an action that writes twice is claimed once, and cleans up after a refusal', async () => {
  const tenantId = newId('org');
  const ctx = { ...api.context, tenantId, actor: { kind: 'system' as const, name: 't' } };
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

test('an answer too long to be kept: 409, and nothing twice', async () => {
  const ctx = { ...api.context, tenantId: newId('org') };
  const keyed = { key: crypto.randomUUID(), fingerprint: [] };
  const write = async () => {
    const body = 'x'.repeat(300_000);
    const idempotency = createIdempotency(ctx, keyed, () => ({ status: 200, body, headers: {} }));
    const written = withTenant({ ...ctx, idempotency }, async ({ tx }) => idempotency.store(tx, undefined));
    return written.catch((error) => idempotency.findResponse(error));
  };
  await write();
  await expect(write()).rejects.toMatchObject({ code: 'IDEMPOTENCY_ANSWER_GONE' });
});

test('after 24 hours it is a new request', async () => {
  const headers = key();
  const first = (await (await open(headers)).json()) as { id: string };
  await admin`update idempotency_keys set created_at = now() - interval '23 hours 59 minutes'`;
  expect(isReplay(await open(headers))).toBe(true);
  await admin`update idempotency_keys set created_at = now() - interval '24 hours 1 minute'`;
  const later = await open(headers);
  expect(isReplay(later)).toBe(false);
  expect(((await later.json()) as { id: string }).id).not.toBe(first.id);
});

test('an answer that carries tokens is given again and stored so that nobody reads it', async () => {
  const headers = key();
  const person = {
    email: `${newId('usr')}@example.com`,
    password: 'a long enough password',
    name: 'Nora Newcomer',
    organizationName: `Acme ${newId('org')}`,
  };
  const register = (body: object = person, on = api) =>
    on.request('POST', '/v1/auth/register', { body, headers });
  const first = await register();
  expect(first.status).toBe(201);
  const again = await register(person, other);
  expect([again.status, isReplay(again)]).toEqual([201, true]);
  const pair = (await first.json()) as { refreshToken: string; accessToken: string };
  expect(await again.json()).toEqual(pair);
  const wrong = await register({ ...person, password: 'another long password' });
  expect(await codeOf(wrong)).toBe('IDEMPOTENCY_KEY_REUSED');
  const rows = await admin`select idempotency_keys::text as text from idempotency_keys`;
  const text = JSON.stringify(rows);
  for (const secret of [pair.refreshToken, pair.accessToken, person.email, person.password]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString('base64').slice(0, 20));
  }
  expect(text).not.toContain(headers['Idempotency-Key']);
});

test('a refresh whose answer was lost is answered again, and its session lives', async () => {
  const { refreshToken } = await registered();
  const headers = key();
  const refresh = () =>
    api.request('POST', '/v1/auth/refresh', { body: { refreshToken }, headers });
  const first = await (await refresh()).json();
  await Bun.sleep(400);
  const again = await refresh();
  expect([again.status, isReplay(again)]).toEqual([200, true]);
  expect(await again.json()).toEqual(first);
});

test('an upload is stored once, and another file is another request', async () => {
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

test('a process that dies between its effect and its answer: 409, and nothing twice', async () => {
  const { refreshToken } = await registered();
  const headers = key();
  const refresh = () =>
    api.request('POST', '/v1/auth/refresh', { body: { refreshToken }, headers });
  await refresh();
  const lose = (age: string) =>
    admin`update idempotency_keys set response = null, completed_at = null, created_at = now() - ${age}::interval
      where tenant_id = '00000000-0000-0000-0000-000000000000'
        and created_at = (select max(created_at) from idempotency_keys)`;
  await lose('0 seconds');
  expect(await codeOf(await refresh())).toBe('IDEMPOTENCY_IN_FLIGHT');
  await lose('2 minutes');
  expect(await codeOf(await refresh())).toBe('IDEMPOTENCY_ANSWER_GONE');
});

test('a key costs two statements and no transaction more, no header nothing', async () => {
  const { database } = api.context;
  const costOf = async (headers: Record<string, string>) => {
    database.getStats(true);
    await open(headers);
    const { transactions, queries } = database.getStats();
    return { transactions, queries };
  };
  /**
   * Three times the same in a row: counters are written behind from time to time, and beside
   * another transaction the notice of a request leaves after it.
   */
  const usualCost = async (headers: () => Record<string, string>) => {
    let [cost, times] = [await costOf(headers()), 1];
    for (let n = 0; n < 50 && times < 3; n++) {
      const next = await costOf(headers());
      times = Bun.deepEquals(next, cost) ? times + 1 : 1;
      cost = next;
    }
    expect(times).toBe(3);
    return cost;
  };
  await open(key());
  const plain = await usualCost(() => ({}));
  const keyed = await usualCost(key);
  expect(plain.transactions).toBe(1);
  expect(keyed).toEqual({ transactions: 1, queries: plain.queries + 2 });
});

async function opened(as = own.customer) {
  const { id } = (await (await open({}, { as })).json()) as { id: string };
  return `/v1/conversations/${id}`;
}

async function registered() {
  const person = { email: `${newId('usr')}@example.com`, password: 'a long enough password' };
  const names = { name: 'Nora Newcomer', organizationName: `Acme ${newId('org')}` };
  const response = await api.request('POST', '/v1/auth/register', {
    body: { ...person, ...names },
  });
  return (await response.json()) as { refreshToken: string };
}

async function holdConversations() {
  const held = Promise.withResolvers<void>();
  const holds = Promise.withResolvers<void>();
  const holding = holder.begin(async (sql) => {
    await sql`select 1 from conversations for update`;
    holds.resolve();
    await held.promise;
  });
  await holds.promise;
  return () => {
    held.resolve();
    return holding;
  };
}

async function isWaiting() {
  const [row] = await admin`select count(*)::int as n from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`;
  return row?.n === 1;
}
