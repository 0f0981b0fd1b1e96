import { afterAll, expect, test } from 'bun:test';
import { outbox } from '@insightdesk/shared/events';
import { createIntegrationApi, testDocumentedResponses } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const [tenant, otherTenant] = [await api.createTenant(), await api.createTenant()];
afterAll(() => api.close());

const name = 'email/send.requested';
const read = async (response: Response) => (await response.json()) as Record<string, unknown>;
const send = (body: object, as = tenant.owner) => api.request('POST', '/v1/events', { as, body });
const userOf = async (token: string) =>
  (await api.context.security.tokens.verifyAccess(token)).userId;

async function recorded(token: string) {
  const { tenantId } = await api.context.security.tokens.verifyAccess(token);
  const rows = await api.context.database.write({ tenantId }, (tx) => tx.select().from(outbox));
  return rows.filter((row) => row.name === name);
}

test('POST /v1/events: records an event once per id', async () => {
  const payload = { to: await userOf(tenant.agent), subject: 'S', body: 'First\n\nSecond' };
  const event = { name, payload, id: 'order 17' };
  const first = await send(event, tenant.admin);
  expect(first.status).toBe(202);
  const { id, isNew } = await read(first);
  expect(isNew).toBe(true);
  expect(await read(await send(event))).toEqual({ id, isNew: false });
  const rows = await recorded(tenant.owner);
  expect(rows).toMatchObject([{ eventId: id as `evt_${string}`, payload, version: 1 }]);
});

test('POST /v1/events: concurrent requests with one id record one event', async () => {
  const payload = { to: await userOf(tenant.agent), subject: 'S', body: 'B' };
  const responses = await Promise.all(
    Array.from({ length: 8 }, async () => read(await send({ name, payload, id: 'at once' }))),
  );
  expect(responses.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(new Set(responses.map(({ id }) => id)).size).toBe(1);
});

test('POST /v1/events: 409 for an id with another payload; ids are scoped to the tenant', async () => {
  const mine = { to: await userOf(tenant.agent), subject: 'S', body: 'B' };
  const theirs = { ...mine, to: await userOf(otherTenant.agent) };
  expect((await send({ name, payload: mine, id: 'x' })).status).toBe(202);
  const other = await send({ name, payload: { ...mine, body: 'Another' }, id: 'x' });
  expect(other.status).toBe(409);
  expect(await read(other)).toMatchObject({ code: 'EVENT_ID_REUSED' });
  expect((await send({ name, payload: theirs, id: 'x' }, otherTenant.owner)).status).toBe(202);
});

test('POST /v1/events: 422 for an email to a non-member', async () => {
  const body = { subject: 'S', body: 'B' };
  for (const to of ['other@example.com', await userOf(otherTenant.agent)]) {
    const response = await send({ name, payload: { ...body, to } });
    expect(response.status).toBe(422);
    expect(await read(response)).toMatchObject({ errors: [{ path: 'payload.to' }] });
  }
});

test.each([
  [
    'email.send.requested',
    'Unknown event email.send.requested, did you mean email/send.requested?',
  ],
  ['message.created', 'Unknown event message.created'],
  ['constructor.name', 'Unknown event constructor.name'],
])('POST /v1/events: 422 for the event name %s', async (wrong, message) => {
  const response = await send({ name: wrong, payload: {} });
  expect(response.status).toBe(422);
  expect(await read(response)).toMatchObject({ errors: [{ path: 'name', message }] });
});

test('POST /v1/events: 422 lists the invalid fields of the payload', async () => {
  const response = await send({
    name,
    payload: { to: 'a@example.com', subject: 'a\nb', extra: 1 },
  });
  expect(response.status).toBe(422);
  const { errors } = await read(response);
  const paths = (errors as { path: string }[]).map(({ path }) => path);
  expect(paths).toContain('payload.subject');
  expect(paths).toContain('payload.body');
});

test('POST /v1/events: 403 for agents and customers', async () => {
  for (const as of [tenant.agent, tenant.customer]) {
    expect((await send({ name, payload: {} }, as)).status).toBe(403);
  }
});

testDocumentedResponses(api, 'event-ingest');
