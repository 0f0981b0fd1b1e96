import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import {
  outgoingEvents,
  webhookDeliveries,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { outbox } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
type Tenant = Awaited<ReturnType<typeof api.openTenant>>;
let tenant: Tenant;
let stranger: Tenant;
beforeAll(async () => {
  tenant = await api.openTenant();
  stranger = await api.openTenant();
});
afterAll(() => api.close());

const wanted = { url: 'https://example.com/hooks', events: ['message.created'] };
const read = async (response: Response) => (await response.json()) as Record<string, unknown>;

async function add(body: object = wanted) {
  const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
  expect(response.status).toBe(201);
  return (await read(response)) as { id: Id<'whk'>; secret: string };
}

/** A delivery as the relay and a worker would have left it; the webhook is off, so nobody sends it. */
async function addDelivery(webhookId: Id<'whk'>) {
  const eventId = newId('evt');
  const { tenantId } = await api.context.security.tokens.verifyAccess(tenant.owner);
  await api.context.database.write({ tenantId }, async (tx) => {
    const event = { type: 'message.created', lane: 'organization', data: {}, at: new Date() };
    const [row] = await tx
      .insert(outgoingEvents)
      .values({ tenantId, eventId, ...event, fannedOutAt: new Date() })
      .returning();
    await tx.insert(webhookDeliveries).values({
      tenantId,
      webhookId,
      eventId,
      lane: event.lane,
      position: row?.position ?? 0,
      status: 'failed',
      attempts: 3,
      responseStatus: 500,
      error: 'Answered with status 500',
    });
  });
  return eventId;
}

describe('a webhook', () => {
  test('is added; its secret is shown once', async () => {
    const { id, secret } = await add();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const one = await read(await api.request('GET', `/v1/webhooks/${id}`, { as: tenant.admin }));
    expect(one).toMatchObject({ id, ...wanted, enabled: true, description: '' });
    const list = await api.request('GET', '/v1/webhooks?limit=100', { as: tenant.admin });
    expect(await list.text()).not.toContain(secret);
  });

  test('is changed and removed by who has seen its last state', async () => {
    const { id } = await add();
    const path = `/v1/webhooks/${id}`;
    const as = tenant.owner;
    const get = (headers = {}) => api.request('GET', path, { as, headers });
    const seen = (await get()).headers.get('ETag') ?? '';
    expect((await get({ 'If-None-Match': seen })).status).toBe(304);
    const change = (tag: string, description: string) =>
      api.request('PATCH', path, { as, body: { description }, headers: { 'If-Match': tag } });
    const changed = await change(seen, 'CRM');
    expect(changed.status).toBe(200);
    expect((await change(seen, 'ERP')).status).toBe(412);
    const remove = (tag: string) => api.request('DELETE', path, { as, headers: { 'If-Match': tag } });
    expect((await remove(seen)).status).toBe(412);
    expect((await get({ 'If-None-Match': seen })).status).toBe(200);
    expect((await remove(changed.headers.get('ETag') ?? '')).status).toBe(204);
  });

  test('is changed and removed', async () => {
    const { id } = await add();
    const path = `/v1/webhooks/${id}`;
    const body = { enabled: false, events: ['conversation.*', '*'], description: 'CRM' };
    const changed = await api.request('PATCH', path, { as: tenant.owner, body });
    expect(await read(changed)).toMatchObject({ id, url: wanted.url, ...body });
    expect((await api.request('DELETE', path, { as: tenant.owner })).status).toBe(204);
    expect((await api.request('GET', path, { as: tenant.owner })).status).toBe(404);
    expect((await api.request('DELETE', path, { as: tenant.owner })).status).toBe(404);
  });

  test('gets another secret', async () => {
    const { id, secret } = await add();
    const path = `/v1/webhooks/${id}/secret`;
    const response = await api.request('POST', path, { as: tenant.owner, body: {} });
    expect(response.status).toBe(200);
    expect((await read(response)).secret).not.toBe(secret);
  });

  test.each([
    ['http://example.com/', 'url'],
    ['https://127.0.0.1/', 'url'],
    ['https://169.254.169.254/latest', 'url'],
    ['https://u:p@example.com/', 'url'],
    ['nonsense', 'url'],
  ])('%s is no address for one', async (url, path) => {
    const body = { ...wanted, url };
    const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
    expect(response.status).toBe(422);
    expect(await read(response)).toMatchObject({ errors: [{ path }] });
  });

  test('cannot be moved to such an address either', async () => {
    const { id } = await add();
    const body = { url: 'https://[::1]/' };
    const response = await api.request('PATCH', `/v1/webhooks/${id}`, { as: tenant.owner, body });
    expect(response.status).toBe(422);
    expect(await read(response)).toMatchObject({ code: 'UNSAFE_URL' });
  });

  test.each([
    ['url', 'https://example.com/a\0b'],
    ['description', 'a\0b'],
  ])('has no NUL in its %s', async (path, value) => {
    const { id } = await add();
    const added = { ...wanted, [path]: value };
    const changed = { [path]: value };
    for (const response of [
      await api.request('POST', '/v1/webhooks', { as: tenant.owner, body: added }),
      await api.request('PATCH', `/v1/webhooks/${id}`, { as: tenant.owner, body: changed }),
    ]) {
      expect(response.status).toBe(422);
      expect(await read(response)).toMatchObject({ errors: [{ path }] });
    }
  });

  test('may have no description', async () => {
    const body = { ...wanted, description: '' };
    const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
    expect(response.status).toBe(201);
  });

  test('cannot wait for what never happens', async () => {
    const body = { ...wanted, events: ['mesage.created'] };
    const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
    expect(response.status).toBe(422);
    const message = 'No event is named mesage.created, did you mean message.created?';
    expect(await read(response)).toMatchObject({ errors: [{ path: 'events', message }] });
  });

  test('is a matter of managers', async () => {
    for (const as of [tenant.agent, tenant.customer]) {
      const response = await api.request('GET', '/v1/webhooks', { as });
      expect(response.status).toBe(403);
    }
  });

  test('of which there are at most 20, also when added at once', async () => {
    const crowded = await api.openTenant();
    const responses = await Promise.all(
      Array.from({ length: 22 }, () =>
        api.request('POST', '/v1/webhooks', { as: crowded.owner, body: wanted }),
      ),
    );
    const statuses = responses.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array(20).fill(201), 409, 409]);
  });
});

describe('the log', () => {
  test('is read page by page, newest first, and by status', async () => {
    const { id } = await add({ ...wanted, enabled: false });
    const ids = [await addDelivery(id), await addDelivery(id), await addDelivery(id)];
    const path = `/v1/webhooks/${id}/deliveries`;
    const request = async (query: string) =>
      read(await api.request('GET', `${path}?${query}`, { as: tenant.owner }));
    const first = await request('limit=2');
    const idsOf = ({ items }: Record<string, unknown>) =>
      (items as { id: string }[]).map((one) => one.id);
    expect(idsOf(first)).toEqual([ids[2], ids[1]] as string[]);
    expect(idsOf(await request(`limit=2&cursor=${first.nextCursor}`))).toEqual([ids[0]] as string[]);
    expect(idsOf(await request('status=delivered'))).toEqual([]);
    expect((first.items as object[])[0]).toMatchObject({ status: 'failed', attempts: 3 });
  });

  test('a delivery is taken up again, unless the webhook is off', async () => {
    const { id } = await add({ ...wanted, enabled: false });
    const deliveryId = await addDelivery(id);
    const path = `/v1/webhooks/${id}/deliveries/${deliveryId}/replay`;
    const refused = await api.request('POST', path, { as: tenant.owner, body: {} });
    expect(refused.status).toBe(409);
    expect(await read(refused)).toMatchObject({ code: 'WEBHOOK_DISABLED' });
    const body = { enabled: true };
    await api.request('PATCH', `/v1/webhooks/${id}`, { as: tenant.owner, body });
    const accepted = await api.request('POST', path, { as: tenant.owner, body: {} });
    expect(accepted.status).toBe(202);
    expect(await read(accepted)).toMatchObject({ id: deliveryId, status: 'waiting', attempts: 0 });
    const { tenantId } = await api.context.security.tokens.verifyAccess(tenant.owner);
    const rows = await api.context.database.write({ tenantId }, (tx) => tx.select().from(outbox));
    const asked = { webhookId: id, lane: 'organization' };
    expect(rows.map(({ payload }) => payload)).toContainEqual(asked);
    const unknown = `/v1/webhooks/${id}/deliveries/${newId('evt')}/replay`;
    expect((await api.request('POST', unknown, { as: tenant.owner, body: {} })).status).toBe(404);
  });

  test('all since a time is taken up again, at most as far back as is kept', async () => {
    const { id } = await add();
    const path = `/v1/webhooks/${id}/replay`;
    const body = { since: '2001-01-01T00:00:00Z' };
    const response = await api.request('POST', path, { as: tenant.owner, body });
    expect(response.status).toBe(202);
    const { since, until } = (await read(response)) as { since: string; until: string };
    expect(Math.round((Date.parse(until) - Date.parse(since)) / 86_400_000)).toBe(30);
    const bad = await api.request('POST', path, { as: tenant.owner, body: { since: 'yesterday' } });
    expect(bad.status).toBe(422);
  });
});

test("a stranger's webhook is not there", async () => {
  const { id } = await add();
  const deliveryId = await addDelivery(id);
  const as = stranger.owner;
  const asked = [
    api.request('GET', `/v1/webhooks/${id}`, { as }),
    api.request('PATCH', `/v1/webhooks/${id}`, { as, body: { enabled: false } }),
    api.request('DELETE', `/v1/webhooks/${id}`, { as }),
    api.request('POST', `/v1/webhooks/${id}/secret`, { as, body: {} }),
    api.request('GET', `/v1/webhooks/${id}/deliveries`, { as }),
    api.request('POST', `/v1/webhooks/${id}/replay`, {
      as,
      body: { since: new Date().toISOString() },
    }),
    api.request('POST', `/v1/webhooks/${id}/deliveries/${deliveryId}/replay`, { as, body: {} }),
  ];
  for (const response of await Promise.all(asked)) expect(response.status).toBe(404);
  expect((await api.request('GET', `/v1/webhooks/${id}`, { as: tenant.owner })).status).toBe(200);
});

testDocumentedResponses(api, '/v1/webhooks');
