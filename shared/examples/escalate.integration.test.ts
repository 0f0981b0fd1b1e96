import { afterAll, expect, test } from 'bun:test';
import { openConversation } from '@insightdesk/shared/domain/desk/conversations';
import { catalogOf, effectsBy, outbox, type RecordedEvent } from '@insightdesk/shared/events';
import { createTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { eq } from 'drizzle-orm';
import { conversationEscalated, escalateConversation, reactions } from './escalate.ts';

const { context, close } = createTestContext();
afterAll(close);

test('an action records its event, and the event leads to a channel and a job', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  const customer = await member('customer');
  const { id } = await openConversation(customer, { subject: 'Fire', body: 'Help' });
  const refused = escalateConversation(customer, { id, reason: 'now' });
  await expect(refused).rejects.toMatchObject({ status: 403 });
  await escalateConversation(owner, { id, reason: 'The customer is on fire' });

  const [row] = await context.database.read({ tenantId }, (tx) =>
    tx.select().from(outbox).where(eq(outbox.name, 'conversation.escalated')),
  );
  expect(row?.payload).toEqual({ conversationId: id, reason: 'The customer is on fire' });
  const event = { ...row, id: row?.eventId, at: '' } as unknown as RecordedEvent;
  const effectsOf = effectsBy(catalogOf({ conversationEscalated }), reactions);
  const { publish, enqueue } = effectsOf(event) ?? {};
  expect(publish?.[0]?.channel).toBe(`private-organization-${tenantId}`);
  expect(enqueue?.[0]).toMatchObject({ id: `${event.id}-escalations.page`, tenantId });
});
