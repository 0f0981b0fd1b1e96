import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import { setFlags } from '@insightdesk/shared/domain/tenancy/flags';
import type { JobRequest } from '@insightdesk/shared/jobs';
import { createTestContext, createTestTenant, until, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { notifyRecipients } from './index.ts';

const { context, close } = createTestContext();
afterAll(close);

test('messages that come together are told as each would be alone', async () => {
  const { owner, member, tenantId } = await createTestTenant(context);
  const [agent, customer] = [userOf(await member('agent')), userOf(await member('customer'))];
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
  const ask = async (which: 'alone' | 'together') => {
    const asked: JobRequest[] = [];
    const run = { tenantId, enqueue: async (more: JobRequest[]) => void asked.push(...more) };
    const ctx = systemContext(context, 'worker', { tenantId, requestId: 'r' });
    if (which === 'together') await notifyRecipients(ctx, { notices }, run as never);
    else
      for (const { notice, ...of } of notices)
        await notifyRecipients(ctx, notice, { ...run, ...of } as never);
    return asked;
  };
  const alone = await ask('alone');
  expect(alone.map(({ payload }) => payload)).toHaveLength(4);
  expect(await ask('together')).toEqual(alone);
  await setFlags(owner, { 'email-staff': false });
  await until(async () => (await ask('together')).length, { equals: 1 });
});
