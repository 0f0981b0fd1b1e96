import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { writeFlags } from '@insightdesk/shared/domain/tenancy/flags';
import {
  createIsolatedTestContext,
  createTestTenant,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { notifyRecipients } from './index.ts';

const { context, admin, close } = await createIsolatedTestContext();
afterAll(close);

test('a batch of messages adds the same pending emails as single messages, and none that a flag disables', async () => {
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, customer] = [await member('agent'), await member('customer')];
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'Hello' });
  const notices: Extract<Parameters<typeof notifyRecipients>[1], { notices: unknown }>['notices'] =
    [];
  for (const [n, author] of [customer, agent, customer].entries()) {
    const { message } = await sendMessage(author, { id, body: `Message ${n}` });
    const people = { authorId: userIdOf(author), customerId: userIdOf(customer) };
    const assigneeId = n === 2 ? userIdOf(agent) : null;
    const notice = { messageId: message.id, conversationId: id, ...people, assigneeId };
    notices.push({ id: newId('evt'), requestId: `r${n}`, notice });
  }
  const notify = async (how: 'single' | 'batch') => {
    await admin`delete from pending_notifications where tenant_id = ${toUuid(tenantId)}`;
    const run = { tenantId, requestId: 'r', enqueue: async () => {} };
    const ctx = systemContext(context, 'worker', run);
    if (how === 'batch') await notifyRecipients(ctx, { notices }, run);
    else for (const { notice } of notices) await notifyRecipients(ctx, notice, run);
    const rows =
      await admin`select user_id, first_sequence, last_sequence from pending_notifications
      where tenant_id = ${toUuid(tenantId)} order by user_id`;
    return rows.map((row) => ({ ...row }));
  };
  const single = await notify('single');
  const entry = (user: typeof owner, first: number, last: number) => ({
    user_id: toUuid(userIdOf(user)),
    first_sequence: first,
    last_sequence: last,
  });
  const expected = [entry(owner, 2, 2), entry(agent, 2, 4), entry(customer, 3, 3)];
  expect(new Set(single)).toEqual(new Set(expected));
  expect(await notify('batch')).toEqual(single);
  await writeFlags(owner, { 'email-staff': false });
  await until(async () => (await notify('batch')).length, { equals: 1 });
  await writeFlags(owner, { 'email-customers': false });
  await until(async () => (await notify('batch')).length, { equals: 0 });
});
