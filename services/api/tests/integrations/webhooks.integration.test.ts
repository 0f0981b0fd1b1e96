import { afterAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import {
  outboundEvents,
  webhookDeliveries,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { outbox } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const tenant = await api.createTenant();
afterAll(() => api.close());

const webhook = { url: 'https://example.com/hooks', events: ['message.created'] };
const read = async (response: Response) => (await response.json()) as Record<string, unknown>;

async function add(body: object = webhook) {
  const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
  expect(response.status).toBe(201);
  return (await read(response)) as { id: Id<'whk'>; secret: string };
}

/** A failed delivery; the webhook is disabled, so that it is not sent. */
async function addDelivery(webhookId: Id<'whk'>) {
  const eventId = newId('evt');
  const { tenantId } = await api.context.security.tokens.verifyAccess(tenant.owner);
  await api.context.database.write({ tenantId }, async (tx) => {
    const event = {
      type: 'message.created',
      orderingKey: 'organization',
      data: {},
      at: new Date(),
    };
    const [row] = await tx
      .insert(outboundEvents)
      .values({ tenantId, eventId, ...event, fannedOutAt: new Date() })
      .returning();
    await tx.insert(webhookDeliveries).values({
      tenantId,
      webhookId,
      eventId,
      orderingKey: event.orderingKey,
      position: row?.position ?? 0,
      status: 'failed',
      attempts: 3,
      responseStatus: 500,
      error: 'Response status 500',
    });
  });
  return eventId;
}

describe('webhooks', () => {
  test('POST /v1/webhooks: the secret is returned once', async () => {
    const { id, secret } = await add();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const one = await read(await api.request('GET', `/v1/webhooks/${id}`, { as: tenant.admin }));
    expect(one).toMatchObject({ id, ...webhook, enabled: true, description: '' });
    const list = await api.request('GET', '/v1/webhooks?limit=100', { as: tenant.admin });
    expect(await list.text()).not.toContain(secret);
  });

  test('webhooks: PATCH and DELETE respond 412 for an outdated If-Match', async () => {
    const { id } = await add();
    const path = `/v1/webhooks/${id}`;
    const as = tenant.owner;
    const get = (headers = {}) => api.request('GET', path, { as, headers });
    const etag = (await get()).headers.get('ETag') ?? '';
    expect((await get({ 'If-None-Match': etag })).status).toBe(304);
    const change = (tag: string, description: string) =>
      api.request('PATCH', path, { as, body: { description }, headers: { 'If-Match': tag } });
    const changed = await change(etag, 'CRM');
    expect(changed.status).toBe(200);
    expect((await change(etag, 'ERP')).status).toBe(412);
    const remove = (tag: string) =>
      api.request('DELETE', path, { as, headers: { 'If-Match': tag } });
    expect((await remove(etag)).status).toBe(412);
    expect((await get({ 'If-None-Match': etag })).status).toBe(200);
    expect((await remove(changed.headers.get('ETag') ?? '')).status).toBe(204);
  });

  test('webhooks: updated and deleted, then 404', async () => {
    const { id } = await add();
    const path = `/v1/webhooks/${id}`;
    const body = { enabled: false, events: ['conversation.*', '*'], description: 'CRM' };
    const changed = await api.request('PATCH', path, { as: tenant.owner, body });
    expect(await read(changed)).toMatchObject({ id, url: webhook.url, ...body });
    expect((await api.request('DELETE', path, { as: tenant.owner })).status).toBe(204);
    expect((await api.request('GET', path, { as: tenant.owner })).status).toBe(404);
    expect((await api.request('DELETE', path, { as: tenant.owner })).status).toBe(404);
  });

  test('POST secret: rotates the secret', async () => {
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
  ])('POST /v1/webhooks: 422 for the URL %s', async (url, path) => {
    const body = { ...webhook, url };
    const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
    expect(response.status).toBe(422);
    expect(await read(response)).toMatchObject({ errors: [{ path }] });
  });

  test('PATCH /v1/webhooks/:id: 422 for a private address', async () => {
    const { id } = await add();
    const body = { url: 'https://[::1]/' };
    const response = await api.request('PATCH', `/v1/webhooks/${id}`, { as: tenant.owner, body });
    expect(response.status).toBe(422);
    expect(await read(response)).toMatchObject({ code: 'UNSAFE_URL' });
  });

  test('POST /v1/webhooks: 422 for an unknown event, with a suggestion', async () => {
    const body = { ...webhook, events: ['mesage.created'] };
    const response = await api.request('POST', '/v1/webhooks', { as: tenant.owner, body });
    expect(response.status).toBe(422);
    const message = 'Unknown event mesage.created, did you mean message.created?';
    expect(await read(response)).toMatchObject({ errors: [{ path: 'events', message }] });
  });

  test('GET /v1/webhooks: 403 for agents and customers', async () => {
    for (const as of [tenant.agent, tenant.customer]) {
      const response = await api.request('GET', '/v1/webhooks', { as });
      expect(response.status).toBe(403);
    }
  });

  test('POST /v1/webhooks: 409 over 20 webhooks, also concurrently', async () => {
    const crowded = await api.createTenant();
    const responses = await Promise.all(
      Array.from({ length: 22 }, () =>
        api.request('POST', '/v1/webhooks', { as: crowded.owner, body: webhook }),
      ),
    );
    const statuses = responses.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array(20).fill(201), 409, 409]);
  });
});

describe('deliveries', () => {
  test('GET deliveries: in pages, newest first, filtered by status', async () => {
    const { id } = await add({ ...webhook, enabled: false, description: '' });
    const ids = [await addDelivery(id), await addDelivery(id), await addDelivery(id)];
    const path = `/v1/webhooks/${id}/deliveries`;
    const request = async (query: string) =>
      read(await api.request('GET', `${path}?${query}`, { as: tenant.owner }));
    const first = await request('limit=2');
    const idsOf = ({ items }: Record<string, unknown>) =>
      (items as { id: string }[]).map((one) => one.id);
    expect(idsOf(first)).toEqual([ids[2], ids[1]] as string[]);
    expect(idsOf(await request(`limit=2&cursor=${first.nextCursor}`))).toEqual([
      ids[0],
    ] as string[]);
    expect(idsOf(await request('status=delivered'))).toEqual([]);
    expect((first.items as object[])[0]).toMatchObject({ status: 'failed', attempts: 3 });
  });

  test('POST replay of a delivery: 202, 409 while the webhook is disabled', async () => {
    const { id } = await add({ ...webhook, enabled: false });
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
    const requested = { webhookId: id, orderingKey: 'organization' };
    expect(rows.map(({ payload }) => payload)).toContainEqual(requested);
    const unknown = `/v1/webhooks/${id}/deliveries/${newId('evt')}/replay`;
    expect((await api.request('POST', unknown, { as: tenant.owner, body: {} })).status).toBe(404);
  });

  test('POST replay since a time: limited to 30 days', async () => {
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

testDocumentedResponses(api, 'webhooks');
