import { afterAll, describe, expect, spyOn, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
afterAll(() => api.close());

const requestConversation = (change = {}, as = own.customer) =>
  api.request('POST', '/v1/conversations', {
    as,
    body: { subject: 'Help', body: 'It is broken', ...change },
  });
async function createConversation(as = own.customer) {
  const { id } = (await (await requestConversation({}, as)).json()) as { id: string };
  return `/v1/conversations/${id}`;
}
const change = (path: string, body: object, as = own.agent) =>
  api.request('PATCH', path, { as, body });
const send = (path: string, body: object, as = own.agent) =>
  api.request('POST', `${path}/messages`, { as, body });

/** A cursor beyond the range of `integer`. */
const cursorOutOfRange = `cursor=${Buffer.from('99999999999').toString('base64url')}`;

describe('conversations', () => {
  test.each([
    ['no subject', { subject: undefined }],
    ['a blank subject', { subject: '  ' }],
    ['an unknown priority', { priority: 'asap' }],
    ['an attachment id with another prefix', { attachmentIds: [newId('cnv')] }],
  ])('POST /v1/conversations: 422 with %s', async (_, input) => {
    expect((await requestConversation(input)).status).toBe(422);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'cursor=x',
    cursorOutOfRange,
    'status=lost',
    'assigneeId=me',
  ])('GET /v1/conversations: 422 with %s', async (query) => {
    const answer = api.request('GET', `/v1/conversations?${query}`, { as: own.agent });
    await expectError(answer, 422, 'VALIDATION_FAILED');
  });

  test('PATCH: updates fields, 403 for customers, 409 for a forbidden transition, 422', async () => {
    const path = await createConversation();
    const changed = await change(path, { priority: 'urgent', tags: ['a', 'a', 'b'] });
    expect(await changed.json()).toMatchObject({ priority: 'urgent', tags: ['a', 'b'] });
    await expectError(change(path, { priority: 'low' }, own.customer), 403, 'FORBIDDEN');
    await expectError(change(path, { status: 'snoozed' }), 422, 'VALIDATION_FAILED');
    expect((await change(path, { status: 'closed' })).status).toBe(200);
    await expectError(change(path, { status: 'open' }), 409, 'INVALID_TRANSITION');
  });
});

describe('versions', () => {
  const etagOf = async (path: string, as = own.agent) =>
    (await api.request('GET', path, { as })).headers.get('ETag') ?? '';
  const changeIf = (path: string, tag: string, as = own.agent) => {
    const headers = { 'If-Match': tag };
    return api.request('PATCH', path, { as, body: { priority: 'high' }, headers });
  };

  test('GET with If-None-Match: 304 until a visible change; notes count for staff only', async () => {
    const path = await createConversation();
    const get = (tag: string, as = own.agent) =>
      api.request('GET', path, { as, headers: { 'If-None-Match': tag } });
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

  test('PATCH with If-Match: 412 for an outdated version', async () => {
    const path = await createConversation();
    const etag = await etagOf(path);
    const first = await changeIf(path, etag);
    expect(first.status).toBe(200);
    await expectError(changeIf(path, etag), 412, 'PRECONDITION_FAILED');
    const now = first.headers.get('ETag') ?? '';
    expect(now).toBe(await etagOf(path));
    const { version } = (await first.json()) as { version: number };
    // Notes keep the version, gzip weakens the ETag, and the plain version number is accepted.
    await send(path, { body: 'a note', kind: 'note' });
    expect((await changeIf(path, `W/${now}`)).status).toBe(200);
    expect((await changeIf(path, `"${version + 1}"`)).status).toBe(200);
    expect((await changeIf(path, '*')).status).toBe(200);
    for (const wrong of ['"0"', 'x', '', `"${version}`]) {
      await expectError(changeIf(path, wrong), 412, 'PRECONDITION_FAILED');
    }
  });

  test('PATCH with If-Match: one of ten concurrent changes succeeds', async () => {
    const path = await createConversation();
    const etag = await etagOf(path);
    const responses = await Promise.all(Array.from({ length: 10 }, () => changeIf(path, etag)));
    const statuses = responses.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 412)]);
  });

  test('If-Match: 404 for other tenants; 412 on resources without a version', async () => {
    const path = await createConversation();
    const etag = await etagOf(path);
    await expectError(changeIf(path, etag, others.owner), 404, 'NOT_FOUND');
    await expectError(changeIf(path, '"0"', others.owner), 404, 'NOT_FOUND');
    const headers = { 'If-Match': etag };
    const options = { as: own.agent, body: { body: 'x' }, headers };
    const message = api.request('POST', `${path}/messages`, options);
    await expectError(message, 412, 'PRECONDITION_FAILED');
  });
});

describe('messages', () => {
  test('POST messages: a repeated clientMessageId returns the first message with 200', async () => {
    const path = await createConversation();
    const body = { body: 'We look into it', clientMessageId: 'm-1' };
    const first = await send(path, body);
    expect(first.status).toBe(201);
    const again = await send(path, { ...body, body: 'another text' });
    expect(again.status).toBe(200);
    expect(await again.json()).toEqual(await first.json());
  });

  test('messages: sent and listed, 422 for invalid fields', async () => {
    const path = await createConversation();
    await expectError(send(path, { body: '' }), 422, 'VALIDATION_FAILED');
    await expectError(send(path, { body: 'x', id: newId('cnv') }), 422, 'VALIDATION_FAILED');
    const listed = await api.request('GET', `${path}/messages`, { as: own.customer });
    const { items } = (await listed.json()) as { items: object[] };
    expect(items).toHaveLength(1);
    const [{ id }] = items as [{ id: string }];
    const one = await api.request('GET', `${path}/messages/${id}`, { as: own.customer });
    expect(await one.json()).toMatchObject({ id, body: 'It is broken' });
  });
});

describe('changes of messages', () => {
  async function sendReply() {
    const path = await createConversation();
    const { id } = (await (await send(path, { body: 'first' })).json()) as { id: string };
    return `${path}/messages/${id}`;
  }
  const remove = (path: string, as = own.agent, headers = {}) =>
    api.request('DELETE', path, { as, headers });

  test('PATCH: edits, 412 for an outdated version, 403 for others, 422, 409 after a deletion', async () => {
    const path = await sendReply();
    const edited = await change(path, { body: 'second' });
    expect(await edited.json()).toMatchObject({ body: 'second', version: 2 });
    const stale = { as: own.agent, body: { body: 'x' }, headers: { 'If-Match': '"1"' } };
    await expectError(api.request('PATCH', path, stale), 412, 'PRECONDITION_FAILED');
    await expectError(change(path, { body: 'x' }, own.customer), 403, 'FORBIDDEN');
    await expectError(change(path, { body: 'x' }, others.agent), 404, 'NOT_FOUND');
    await expectError(change(path, { body: '' }), 422, 'VALIDATION_FAILED');
    await expectError(remove(path, own.agent, stale.headers), 412, 'PRECONDITION_FAILED');
    expect((await remove(path)).status).toBe(204);
    expect((await remove(path)).status).toBe(204);
    await expectError(change(path, { body: 'x' }), 409, 'MESSAGE_DELETED');
  });

  test('versions: listed for staff and deleted by managers, 403 and 404 for others', async () => {
    const path = await sendReply();
    await change(path, { body: 'second' });
    const list = (as: string) => api.request('GET', `${path}/versions`, { as });
    expect(await (await list(own.agent)).json()).toMatchObject({
      items: [{ version: 1, body: 'first' }],
      nextCursor: null,
    });
    await expectError(list(own.customer), 403, 'FORBIDDEN');
    await expectError(list(others.owner), 404, 'NOT_FOUND');
    await expectError(remove(`${path}/versions`), 403, 'FORBIDDEN');
    await expectError(remove(`${path}/versions`, others.owner), 404, 'NOT_FOUND');
    expect((await remove(`${path}/versions`, own.admin)).status).toBe(204);
    expect(await (await list(own.agent)).json()).toMatchObject({ items: [] });
  });
});

describe('contacts', () => {
  const contact = { externalId: 'user-1', email: 'ann@example.com', name: 'Ann' };
  async function createKey(...permissions: string[]) {
    const body = { name: 'Shop', permissions: ['conversations:read', ...permissions] };
    const response = await api.request('POST', '/v1/api-keys', { as: own.admin, body });
    return ((await response.json()) as { secret: string }).secret;
  }
  const read = async (response: Response) =>
    (await response.json()) as { id: string; customerId: string; authorId: string };

  test('an API key opens a conversation for a contact and replies as it', async () => {
    const acting = ['conversations:open', 'conversations:reply', 'contacts:read', 'contacts:act'];
    const key = await createKey(...acting);
    const opened = await requestConversation({ contact }, key);
    expect(opened.status).toBe(201);
    const { id, customerId: contactId } = await read(opened);
    const path = `/v1/conversations/${id}`;
    const sent = await send(path, { body: 'And now?', contactId }, key);
    expect(sent.status).toBe(201);
    expect((await read(sent)).authorId).toBe(contactId);
    await expectError(
      send(path, { body: 'x', contactId, kind: 'note' }, key),
      422,
      'VALIDATION_FAILED',
    );
    await expectError(send(path, { body: 'x', contactId }), 403, 'FORBIDDEN');
    const block = await change(`/v1/contacts/${contactId}`, { blocked: true });
    expect(block.status).toBe(200);
    await expectError(send(path, { body: 'x', contactId }, key), 409, 'CONTACT_BLOCKED');
    await expectError(requestConversation({ contactId }, key), 409, 'CONTACT_BLOCKED');
  });

  test('403 for a key without the permission and for customers, 404 for unknown contacts', async () => {
    const key = await createKey('conversations:open');
    await expectError(requestConversation({ contact }, key), 403, 'FORBIDDEN');
    await expectError(requestConversation({ contact }), 403, 'FORBIDDEN');
    const unknown = requestConversation({ contactId: newId('usr') }, own.agent);
    await expectError(unknown, 404, 'NOT_FOUND');
    const nameless = requestConversation({ contact: { name: 'Ann' } }, own.agent);
    await expectError(nameless, 422, 'VALIDATION_FAILED');
  });
});

test('GET /v1/conversations: searches are heavy reads, lists are not', async () => {
  const reads = spyOn(api.context.database, 'read');
  const readOptions = () => reads.mock.lastCall?.[2];
  await api.request('GET', '/v1/conversations?q=lamp', { as: own.agent });
  expect(readOptions()).toEqual({ isHeavy: true });
  await api.request('GET', '/v1/conversations?status=open', { as: own.agent });
  expect(readOptions()).toEqual({ isHeavy: false });
  reads.mockRestore();
});

test('POST /v1/conversations/{id}/read: 200 with what is left, 403, 404, 422', async () => {
  const path = await createConversation();
  const read = (body: object, as = own.customer) =>
    api.request('POST', `${path}/read`, { as, body });
  const first = (await (await send(path, { body: 'one' })).json()) as { id: string };
  await send(path, { body: 'two' });
  expect(await (await read({ messageId: first.id })).json()).toEqual({ unreadCount: 1 });
  expect(await (await read({})).json()).toEqual({ unreadCount: 0 });
  expect(await (await read({ messageId: first.id })).json()).toEqual({ unreadCount: 0 });
  await expectError(read({ messageId: newId('msg') }), 404, 'NOT_FOUND');
  await expectError(read({}, others.owner), 404, 'NOT_FOUND');
  await expectError(read({ messageId: 'x' }), 422, 'VALIDATION_FAILED');
});

test('GET /v1/conversations: filters by customer for staff, 403 for customers', async () => {
  const { userId } = await api.context.security.tokens.verifyAccess(own.customer);
  const list = (query: string, as: string) =>
    api.request('GET', `/v1/conversations?${query}`, { as });
  await createConversation();
  const query = `customerId=${userId}&assigneeId=none&status=open,pending&sort=activity&limit=1`;
  const answer = await list(query, own.agent);
  expect(await answer.json()).toMatchObject({ items: [{ customerId: userId, status: 'open' }] });
  await expectError(list(`customerId=${userId}`, own.customer), 403, 'FORBIDDEN');
  await expectError(list('status=open,lost', own.agent), 422, 'VALIDATION_FAILED');
});

testDocumentedResponses(api, 'conversations');
