import { afterAll, describe, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches, type Tx } from '@insightdesk/shared/database';
import {
  mergeContactOfMember,
  moveRemainingConversations,
} from '@insightdesk/shared/domain/desk/contact-merge';
import { contactAddresses } from '@insightdesk/shared/domain/desk/contacts';
import { conversations } from '@insightdesk/shared/domain/desk/conversations';
import { newId } from '@insightdesk/shared/utils';
import { expectError } from '../../testing/expect-error.ts';
import { createIntegrationApi } from '../../testing/integration-api.ts';

const api = createIntegrationApi();
const [own, others] = await Promise.all([api.createTenant(), api.createTenant()]);
afterAll(() => api.close());

type Json = Record<string, unknown> & { id: Id<'usr'>; items: Record<string, unknown>[] };

const request = (
  method: Parameters<typeof api.request>[0],
  path: string,
  { as = own.agent, body }: { as?: string; body?: object } = {},
) => api.request(method, path, { as, ...(body && { body }) });
const read = async (response: Response | Promise<Response>) =>
  (await (await response).json()) as Json;
const put = (id: string, body: object = { name: id }) =>
  read(request('PUT', `/v1/contacts/by-external-id/${id}`, { body }));
const merge = (targetId: string, sourceId: string, as = own.agent) =>
  request('POST', `/v1/contacts/${targetId}/merge`, { as, body: { sourceId } });
const meOf = async (as: string) => {
  const { user, organization } = (await read(request('GET', '/v1/me', { as }))) as unknown as {
    user: { id: Id<'usr'>; email: string };
    organization: { id: Id<'org'> };
  };
  return { ...user, tenantId: organization.id };
};

const moveTo = (tx: Tx, id: Id<'cnv'>, customerId: Id<'usr'>) =>
  tx.update(conversations).set({ customerId }).where(matches(conversations, { id }));
const deleteAddresses = (tx: Tx, id: Id<'usr'>) =>
  tx.delete(contactAddresses).where(matches(contactAddresses, { contactId: id }));

describe('contact merge', () => {
  test('moves addresses, properties and the external id; old ids lead to the target', async () => {
    const target = await put('keep', { name: 'Keep', properties: { plan: 'pro' } });
    const source = await read(
      request('POST', '/v1/contacts', {
        body: { name: 'Gone', email: 'gone@example.com', properties: { plan: 'free', seats: 2 } },
      }),
    );
    const merged = await read(merge(target.id, source.id));
    expect(merged).toMatchObject({
      id: target.id,
      name: 'Keep',
      externalId: 'keep',
      addresses: [{ address: 'gone@example.com', verified: false }],
      properties: { plan: 'pro', seats: 2 },
    });
    expect(await read(request('GET', `/v1/contacts/${source.id}`))).toMatchObject({
      mergedInto: target.id,
      addresses: [],
    });
    const history = await read(request('GET', `/v1/contacts/${target.id}/merges`));
    expect(history.items).toMatchObject([
      { sourceId: source.id, name: 'Gone', reason: 'manual', conversationCount: 0 },
    ]);
    await expectError(merge(target.id, source.id), 409, 'CONTACT_MERGED');
    await expectError(merge(source.id, target.id), 409, 'CONTACT_MERGED');
  });

  test('the external id of the source leads to the target', async () => {
    const [target, source] = [await put('first'), await put('second')];
    expect((await merge(target.id, source.id)).status).toBe(200);
    expect((await put('second', { language: 'de' })).id).toBe(target.id);
  });

  test('two merges of the same contacts in both directions: one succeeds', async () => {
    const [one, two] = [await put('left'), await put('right')];
    const responses = await Promise.all([merge(one.id, two.id), merge(two.id, one.id)]);
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('conversations follow the contact, those that were created meanwhile too', async () => {
    const customer = await meOf(own.customer);
    const body = { subject: 'Help', body: 'It is broken' };
    const source = await put('moving');
    const [conversation, late] = [
      await read(request('POST', '/v1/conversations', { as: own.customer, body })),
      await read(request('POST', '/v1/conversations', { as: own.customer, body })),
    ];
    const give = (id: string, customerId: string) =>
      api.container.database.write({ tenantId: customer.tenantId }, (tx) =>
        moveTo(tx, id as Id<'cnv'>, customerId as Id<'usr'>),
      );
    await give(conversation.id, source.id);
    expect((await merge(customer.id, source.id)).status).toBe(200);
    const path = `/v1/conversations/${conversation.id}`;
    expect(await read(request('GET', path, { as: own.customer }))).toMatchObject({
      customerId: customer.id,
    });
    await give(late.id, source.id);
    const system = systemContext(api.context, 'worker', {
      tenantId: customer.tenantId,
      requestId: 'r',
    });
    const run = { id: 'j', tenantId: customer.tenantId, requestId: 'r', enqueue: async () => {} };
    await moveRemainingConversations(
      system,
      { sourceId: source.id, targetId: customer.id },
      { ...run, signal: AbortSignal.timeout(5_000) },
    );
    const moved = await request('GET', `/v1/conversations/${late.id}`, { as: own.customer });
    expect(moved.status).toBe(200);
  });

  test('409 for a source with an account, 422 for itself, 404 for staff and for other organizations', async () => {
    const target = await put('target');
    const customer = await meOf(await own.addMember('customer'));
    await expectError(merge(target.id, customer.id), 409, 'CONTACT_HAS_LOGIN');
    await expectError(merge(target.id, target.id), 422, 'VALIDATION_FAILED');
    await expectError(merge(target.id, newId('usr')), 404, 'NOT_FOUND');
    const agent = await meOf(own.agent);
    await expectError(merge(agent.id, target.id), 404, 'NOT_FOUND');
    await expectError(merge(target.id, target.id, others.owner), 422, 'VALIDATION_FAILED');
    const other = await put('other');
    await expectError(merge(target.id, other.id, others.owner), 404, 'NOT_FOUND');
    await expectError(merge(target.id, other.id, own.customer), 403, 'FORBIDDEN');
  });

  test('a new customer gets the contact that staff opened by its verified address', async () => {
    const customer = await meOf(await own.addMember('customer'));
    const system = systemContext(api.context, 'worker', {
      tenantId: customer.tenantId,
      requestId: 'r',
    });
    await api.container.database.write({ tenantId: customer.tenantId }, (tx) =>
      deleteAddresses(tx, customer.id),
    );
    const opened = await read(
      request('POST', '/v1/contacts', { body: { name: 'Opened', email: customer.email } }),
    );
    await mergeContactOfMember(system, { userId: customer.id });
    expect(await read(request('GET', `/v1/contacts/${opened.id}`))).toMatchObject({
      mergedInto: customer.id,
    });
  });
});
