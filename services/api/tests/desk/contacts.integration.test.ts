import { afterAll, describe, expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
afterAll(() => api.close());

interface Contact {
  id: string;
  version: number;
  [name: string]: unknown;
}

const request = (
  method: Parameters<typeof api.request>[0],
  path: string,
  body?: object,
  as = own.agent,
) => api.request(method, path, { as, ...(body && { body }) });
const read = async (response: Response | Promise<Response>) =>
  (await (await response).json()) as Contact & {
    items: Contact[];
    nextCursor: string | null;
  };
const put = (id: string, body: object, as = own.agent) =>
  request('PUT', `/v1/contacts/by-external-id/${id}`, body, as);
const list = async (query: string, as = own.agent) =>
  (await read(request('GET', `/v1/contacts?${query}`, undefined, as))).items.map(({ id }) => id);

const userIdOf = async (as: string) => {
  const me = (await (await request('GET', '/v1/me', undefined, as)).json()) as { user: Contact };
  return me.user.id;
};

describe('contacts', () => {
  test('PUT by external id: creates once, updates, merges properties and deletes with null', async () => {
    const first = await put('u-1', {
      name: 'Ann Lee',
      email: 'Ann@Example.com',
      properties: { plan: 'pro', seats: 5 },
    });
    expect(first.status).toBe(201);
    const created = await read(first);
    expect(created).toMatchObject({
      name: 'Ann Lee',
      role: 'customer',
      externalId: 'u-1',
      addresses: [{ address: 'ann@example.com', verified: false }],
      properties: { plan: 'pro', seats: 5 },
      hasLogin: false,
    });
    const second = await put('u-1', { language: 'pt-BR', properties: { plan: null, trial: true } });
    expect(second.status).toBe(200);
    expect(await read(second)).toMatchObject({
      id: created.id,
      name: 'Ann Lee',
      language: 'pt-BR',
      properties: { seats: 5, trial: true },
    });
  });

  test('PUT by external id: ten concurrent calls create one contact', async () => {
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => put('race', { name: 'R' })),
    );
    expect(responses.map(({ status }) => status).sort()).toEqual([...Array(9).fill(200), 201]);
    const ids = await Promise.all(responses.map(async (response) => (await read(response)).id));
    expect(new Set(ids).size).toBe(1);
  });

  test('PUT by external id: a verified address adopts its contact, an unverified one does not', async () => {
    const { id } = await read(
      request('POST', '/v1/contacts', { name: 'B', email: 'bob@example.com' }),
    );
    const claimed = await read(put('mallory', { email: 'bob@example.com' }));
    expect(claimed.id).not.toBe(id);
    expect((await read(put('bob', { email: 'bob@example.com', emailVerified: true }))).id).toBe(id);
    const taken = request('POST', '/v1/contacts', { name: 'C', email: 'bob@example.com' });
    await expectError(taken, 409, 'ADDRESS_TAKEN');
  });

  test('GET: finds by name, address, property and company, in pages', async () => {
    const { id: companyId } = await read(request('POST', '/v1/companies', { name: 'Acme' }));
    const one = await read(
      put('s-1', {
        name: 'Zoë Quux',
        email: 'zq@corp.test',
        companyId,
        properties: { tier: 'gold', size: 3 },
      }),
    );
    const two = await read(put('s-2', { name: 'Other Quux', properties: { tier: 'gold' } }));
    expect(await list('q=quux')).toEqual([two.id, one.id]);
    expect(await list('q=zq@corp')).toEqual([one.id]);
    expect(await list('q=ZO%C3%8B')).toEqual([one.id]);
    expect(await list('property=tier:gold')).toEqual([two.id, one.id]);
    expect(await list('property=size:3')).toEqual([one.id]);
    expect(await list(`companyId=${companyId}`)).toEqual([one.id]);
    const page = await read(request('GET', '/v1/contacts?q=quux&limit=1'));
    expect(page.items.map(({ id }) => id)).toEqual([two.id]);
    expect(await list(`q=quux&limit=1&cursor=${page.nextCursor}`)).toEqual([one.id]);
    await expectError(request('GET', '/v1/contacts?property=tier'), 422, 'VALIDATION_FAILED');
    await expectError(request('DELETE', `/v1/companies/${companyId}`), 409, 'COMPANY_HAS_CONTACTS');
  });

  test('every customer is a contact, with its verified address', async () => {
    const { items } = await read(request('GET', '/v1/contacts'));
    expect(items.map(({ id }) => id)).toContain(await userIdOf(own.customer));
  });

  test('PATCH: blocks a customer at once and unblocks; 412 for an outdated version', async () => {
    const path = `/v1/contacts/${await userIdOf(own.customer)}`;
    const open = () =>
      request('POST', '/v1/conversations', { subject: 's', body: 'b' }, own.customer);
    expect((await open()).status).toBe(201);
    expect(await read(request('PATCH', path, { blocked: true }))).toMatchObject({ blocked: true });
    expect((await open()).status).toBe(401);
    expect(await read(request('PATCH', path, { blocked: false }))).toMatchObject({
      blocked: false,
    });
    const stale = api.request('PATCH', path, {
      as: own.agent,
      body: { name: 'X' },
      headers: { 'If-Match': '"0"' },
    });
    await expectError(stale, 412, 'PRECONDITION_FAILED');
  });

  test.each([
    ['a property name with a space', { properties: { 'a b': 1 } }],
    ['a property that is an object', { properties: { a: {} } }],
    [
      '51 properties',
      { properties: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`p${i}`, 1])) },
    ],
    [
      'properties of more than 8 KB',
      {
        properties: Object.fromEntries(
          Array.from({ length: 20 }, (_, i) => [`p${i}`, 'x'.repeat(999)]),
        ),
      },
    ],
    ['an unknown time zone', { timeZone: 'Mars/Base' }],
    ['an http avatar', { avatarUrl: 'http://example.com/a.png' }],
    ['an unknown company', { companyId: newId('cmp') }],
  ])('PUT: 422 with %s', async (_, body) => {
    await expectError(put('invalid', body), 422, 'VALIDATION_FAILED');
  });

  test('404 for members of staff and for other organizations; 403 for customers', async () => {
    const { id } = await read(put('u-2', { name: 'Two' }));
    await expectError(
      request('GET', `/v1/contacts/${await userIdOf(own.agent)}`),
      404,
      'NOT_FOUND',
    );
    await expectError(
      request('GET', `/v1/contacts/${id}`, undefined, others.owner),
      404,
      'NOT_FOUND',
    );
    await expectError(
      request('PATCH', `/v1/contacts/${id}`, { name: 'X' }, others.owner),
      404,
      'NOT_FOUND',
    );
    expect(await list('q=Two', others.owner)).toEqual([]);
    await expectError(put('u-2', { name: 'X' }, own.customer), 403, 'FORBIDDEN');
    await expectError(request('GET', '/v1/contacts', undefined, own.customer), 403, 'FORBIDDEN');
  });
});

test('POST /v1/contacts/:id/sessions: a server signs a contact in; merges are listed', async () => {
  const contact = await read(put('signed-in', { name: 'Sam' }));
  const other = await read(put('duplicate', { name: 'Sam' }));
  const merged = request('POST', `/v1/contacts/${contact.id}/merge`, { sourceId: other.id });
  expect((await merged).status).toBe(200);
  const merges = await read(request('GET', `/v1/contacts/${contact.id}/merges`));
  expect(merges.items).toHaveLength(1);
  const permissions = ['contacts:act', 'contacts:read', 'conversations:read'];
  const { secret } = (await read(
    request('POST', '/v1/api-keys', { name: 'Server', permissions }, own.owner),
  )) as unknown as { secret: string };
  const session = request('POST', `/v1/contacts/${contact.id}/sessions`, {}, secret);
  expect((await session).status).toBe(201);
  const path = `/v1/contacts/${contact.id}`;
  const { headers, status } = await request('GET', path);
  expect(status).toBe(200);
  const etag = { 'If-None-Match': headers.get('ETag') ?? '' };
  expect((await api.request('GET', path, { as: own.agent, headers: etag })).status).toBe(304);
});

test('companies: created, read, renamed, listed and deleted', async () => {
  const { id } = await read(request('POST', '/v1/companies', { name: 'Initech', externalId: 'i' }));
  const path = `/v1/companies/${id}`;
  const same = request('POST', '/v1/companies', { name: 'Other', externalId: 'i' });
  await expectError(same, 409, 'EXTERNAL_ID_TAKEN');
  expect(await read(request('GET', path))).toMatchObject({ name: 'Initech', externalId: 'i' });
  expect(await read(request('PATCH', path, { name: 'Globex' }))).toMatchObject({ name: 'Globex' });
  const { items } = await read(request('GET', '/v1/companies?q=glob'));
  expect(items).toMatchObject([{ id }]);
  await expectError(request('GET', path, undefined, others.owner), 404, 'NOT_FOUND');
  expect((await request('DELETE', path)).status).toBe(204);
});

testDocumentedResponses(api, 'contacts');
