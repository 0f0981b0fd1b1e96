import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import { writeFlags } from '@insightdesk/shared/domain/tenancy/flags';
import type { JobRequest } from '@insightdesk/shared/jobs';
import { createTestContext, createTestTenant, until, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { notifyRecipients } from './index.ts';

const { context, close } = createTestContext();
afterAll(close);

test('a batch of messages enqueues the same emails as single messages, and none that a flag disables', async () => {
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, customer] = [userIdOf(await member('agent')), userIdOf(await member('customer'))];
  const notices = [customer, agent, customer].map((authorId, n) => ({
    id: newId('evt'),
    requestId: `r${n}`,
    notice: {
      messageId: newId('msg'),
      conversationId: newId('cnv'),
      authorId,
      customerId: customer,
      assigneeId: n === 2 ? agent : null,
    },
  }));
  const notify = async (how: 'single' | 'batch') => {
    const enqueued: JobRequest[] = [];
    const run = { tenantId, enqueue: async (more: JobRequest[]) => void enqueued.push(...more) };
    const ctx = systemContext(context, 'worker', { tenantId, requestId: 'r' });
    if (how === 'batch') await notifyRecipients(ctx, { notices }, run as never);
    else
      for (const { notice, ...cause } of notices)
        await notifyRecipients(ctx, notice, { ...run, ...cause } as never);
    return enqueued;
  };
  const single = await notify('single');
  expect(single.map(({ payload }) => payload)).toHaveLength(4);
  expect(await notify('batch')).toEqual(single);
  await writeFlags(owner, { 'email-staff': false });
  await until(async () => (await notify('batch')).length, { equals: 1 });
  await writeFlags(owner, { 'email-customers': false });
  await until(async () => (await notify('batch')).length, { equals: 0 });
});
