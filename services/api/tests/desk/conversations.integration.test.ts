import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { openWholeApi, testPromises } from '../../testing/integration-api.ts';

const api = openWholeApi();
type Tenant = Awaited<ReturnType<typeof api.openTenant>>;
let own: Tenant;
let strangers: Tenant;
beforeAll(async () => {
  [own, strangers] = await Promise.all([api.openTenant(), api.openTenant()]);
});
afterAll(() => api.close());

async function refused(answer: Promise<Response>, status: number, code: string) {
  const response = await answer;
  expect(await response.json()).toMatchObject({ status, code });
}

const open = (change = {}, as = own.customer) =>
  api.ask('POST', '/v1/conversations', {
    as,
    body: { subject: 'Help', body: 'It is broken', ...change },
  });
async function opened(as = own.customer) {
  const { id } = (await (await open({}, as)).json()) as { id: string };
  return `/v1/conversations/${id}`;
}
const change = (path: string, body: object, as = own.agent) => api.ask('PATCH', path, { as, body });
const send = (path: string, body: object, as = own.agent) =>
  api.ask('POST', `${path}/messages`, { as, body });

/** A cursor of a number that no `integer` holds. */
const BEYOND = `cursor=${Buffer.from('99999999999').toString('base64url')}`;

describe('conversations', () => {
  test('201, then 200 for its customer and staff, 404 for anyone else', async () => {
    expect((await open()).status).toBe(201);
    const path = await opened();
    for (const as of [own.customer, own.agent, own.admin, own.owner]) {
      expect((await api.ask('GET', path, { as })).status).toBe(200);
    }
    const others = [await own.newcomer('customer'), strangers.owner, strangers.customer];
    for (const as of others) {
      await refused(api.ask('GET', path, { as }), 404, 'NOT_FOUND');
      await refused(api.ask('GET', `${path}/messages`, { as }), 404, 'NOT_FOUND');
      await refused(send(path, { body: 'hello' }, as), 404, 'NOT_FOUND');
    }
    await refused(change(path, { priority: 'low' }, strangers.owner), 404, 'NOT_FOUND');
  });

  test('404: an id that is not there', async () => {
    const path = `/v1/conversations/${newId('cnv')}`;
    await refused(api.ask('GET', path, { as: own.owner }), 404, 'NOT_FOUND');
    await refused(change(path, {}), 404, 'NOT_FOUND');
  });

  test.each([
    ['no subject', { subject: undefined }],
    ['a blank subject', { subject: '  ' }],
    ['NUL', { body: 'a\0b' }],
    ['an unknown priority', { priority: 'asap' }],
    ['an attachment that is not there', { attachmentIds: [newId('att')] }],
    ['an attachment of the wrong kind', { attachmentIds: [newId('cnv')] }],
  ])('422: opened with %s', async (_, given) => {
    expect((await open(given)).status).toBe(422);
  });

  test('200: the list shows customers their own, newest first', async () => {
    const customer = await own.newcomer('customer');
    const paths = [await opened(customer), await opened(customer)];
    const response = await api.ask('GET', '/v1/conversations?limit=50&status=open', {
      as: customer,
    });
    const { items } = (await response.json()) as { items: { id: string }[] };
    expect(items.map(({ id }) => `/v1/conversations/${id}`)).toEqual(paths.toReversed());
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'cursor=x',
    BEYOND,
    'status=lost',
    'assigneeId=me',
  ])('422: the list with %s', async (query) => {
    const answer = api.ask('GET', `/v1/conversations?${query}`, { as: own.agent });
    await refused(answer, 422, 'VALIDATION_FAILED');
  });

  test('200, 403, 409, 422: changed', async () => {
    const path = await opened();
    const changed = await change(path, { priority: 'urgent', tags: ['a', 'a', 'b'] });
    expect(await changed.json()).toMatchObject({ priority: 'urgent', tags: ['a', 'b'] });
    await refused(change(path, { priority: 'low' }, own.customer), 403, 'FORBIDDEN');
    await refused(change(path, { status: 'snoozed' }), 422, 'VALIDATION_FAILED');
    await refused(change(path, { assigneeId: newId('usr') }), 422, 'VALIDATION_FAILED');
    expect((await change(path, { status: 'closed' })).status).toBe(200);
    await refused(change(path, { status: 'open' }), 409, 'INVALID_TRANSITION');
  });
});

describe('versions', () => {
  const etagOf = async (path: string, as = own.agent) =>
    (await api.ask('GET', path, { as })).headers.get('ETag') ?? '';
  const changeIf = (path: string, tag: string, as = own.agent) => {
    const headers = { 'If-Match': tag };
    return api.ask('PATCH', path, { as, body: { priority: 'high' }, headers });
  };

  test('304 as long as nothing has changed, notes included', async () => {
    const path = await opened();
    const get = (tag: string, as = own.agent) =>
      api.ask('GET', path, { as, headers: { 'If-None-Match': tag } });
    const [staff, customer] = [await etagOf(path), await etagOf(path, own.customer)];
    const unchanged = await get(staff);
    expect([unchanged.status, unchanged.headers.get('ETag')]).toEqual([304, staff]);
    expect((await get(`"other", W/${staff}`)).status).toBe(304);
    await send(path, { body: 'a difficult one', kind: 'note' });
    expect((await get(staff)).status).toBe(200);
    expect((await get(customer, own.customer)).status).toBe(304);
    await send(path, { body: 'We look into it' });
    expect((await get(customer, own.customer)).status).toBe(200);
  });

  test('412 for who has not seen the last version', async () => {
    const path = await opened();
    const seen = await etagOf(path);
    const first = await changeIf(path, seen);
    expect(first.status).toBe(200);
    await refused(changeIf(path, seen), 412, 'PRECONDITION_FAILED');
    const now = first.headers.get('ETag') ?? '';
    expect(now).toBe(await etagOf(path));
    const { version } = (await first.json()) as { version: number };
    // A note is no other version; gzip makes a tag a weak one; the number alone will do.
    await send(path, { body: 'a note', kind: 'note' });
    expect((await changeIf(path, `W/${now}`)).status).toBe(200);
    expect((await changeIf(path, `"${version + 1}"`)).status).toBe(200);
    expect((await changeIf(path, '*')).status).toBe(200);
    for (const wrong of ['"0"', 'x', '', `"${version}`]) {
      await refused(changeIf(path, wrong), 412, 'PRECONDITION_FAILED');
    }
  });

  test('of many at once with the same version one changes it', async () => {
    const path = await opened();
    const seen = await etagOf(path);
    const answers = await Promise.all(Array.from({ length: 10 }, () => changeIf(path, seen)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  });

  test('a stranger learns nothing of it; what has no version matches none', async () => {
    const path = await opened();
    const seen = await etagOf(path);
    await refused(changeIf(path, seen, strangers.owner), 404, 'NOT_FOUND');
    await refused(changeIf(path, '"0"', strangers.owner), 404, 'NOT_FOUND');
    const headers = { 'If-Match': seen };
    const asked = { as: own.agent, body: { body: 'x' }, headers };
    const message = api.ask('POST', `${path}/messages`, asked);
    await refused(message, 412, 'PRECONDITION_FAILED');
  });
});

describe('messages', () => {
  test('201, then 200 with the first one', async () => {
    const path = await opened();
    const body = { body: 'We look into it', clientMessageId: 'm-1' };
    const first = await send(path, body);
    expect(first.status).toBe(201);
    const again = await send(path, { ...body, body: 'another text' });
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(await first.json());
  });

  test('customers never see notes, nor write them', async () => {
    const path = await opened();
    expect((await send(path, { body: 'a difficult one', kind: 'note' })).status).toBe(201);
    const read = async (as: string) => {
      const response = await api.ask('GET', `${path}/messages`, { as });
      const { items } = (await response.json()) as { items: { kind: string }[] };
      return items.map(({ kind }) => kind);
    };
    expect(await read(own.agent)).toEqual(['note', 'reply']);
    expect(await read(own.customer)).toEqual(['reply']);
    await refused(send(path, { body: 'x', kind: 'note' }, own.customer), 403, 'FORBIDDEN');
  });

  test('409, 422', async () => {
    const path = await opened();
    await refused(send(path, { body: '' }), 422, 'VALIDATION_FAILED');
    await refused(send(path, { body: 'x', id: newId('cnv') }), 422, 'VALIDATION_FAILED');
    await change(path, { status: 'closed' });
    await refused(send(path, { body: 'x' }), 409, 'CONVERSATION_CLOSED');
  });
});

testPromises(api, '/v1/conversations');

test('a search goes where expensive reads go, a list does not', async () => {
  const reads = spyOn(api.context.database, 'read');
  const seen = () => reads.mock.lastCall?.[2];
  await api.ask('GET', '/v1/conversations?q=lamp', { as: own.agent });
  expect(seen()).toEqual({ isHeavy: true });
  await api.ask('GET', '/v1/conversations?status=open', { as: own.agent });
  expect(seen()).toEqual({ isHeavy: false });
  reads.mockRestore();
});
