import { afterAll, expect, test } from 'bun:test';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import {
  createEventCatalog,
  effectsBy,
  outbox,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import { createTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { eq } from 'drizzle-orm';
import { conversationEscalated, escalateConversation, reactions } from './escalate.ts';

const { context, close } = createTestContext();
afterAll(close);

test('escalate.ts: the action records an event, which publishes to a channel and enqueues a job', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  const customer = await member('customer');
  const { id } = await createConversation(customer, { subject: 'Fire', body: 'Help' });
  const refused = escalateConversation(customer, { id, reason: 'now' });
  await expect(refused).rejects.toMatchObject({ status: 403 });
  await escalateConversation(owner, { id, reason: 'The customer is on fire' });

  const [row] = await context.database.read({ tenantId }, (tx) =>
    tx.select().from(outbox).where(eq(outbox.name, 'conversation.escalated')),
  );
  expect(row?.payload).toEqual({ conversationId: id, reason: 'The customer is on fire' });
  const event = { ...row, id: row?.eventId, at: '' } as unknown as RecordedEvent;
  const effectsOf = effectsBy(createEventCatalog({ conversationEscalated }), reactions);
  const { publish, enqueue } = effectsOf(event) ?? {};
  expect(publish?.[0]?.channel).toBe(`private-organization-${tenantId}`);
  expect(enqueue?.[0]).toMatchObject({ id: `${event.id}-escalations.page`, tenantId });
});
