import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { attachments } from '@insightdesk/shared/domain/desk/attachments';
import {
  conversationReads,
  conversations,
  messages,
  recordConversationUpdated,
} from '@insightdesk/shared/domain/desk/conversations';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import { moveConversations as moveConversationsJob } from './jobs.ts';

const BATCH = 100;
const MAX_BATCHES = 200;

export interface MergePair {
  sourceId: Id<'usr'>;
  targetId: Id<'usr'>;
}

/** Moves the conversations that are still the source's, such as those that were created meanwhile. */
export async function moveRemainingConversations(
  ctx: Context,
  pair: MergePair,
  run: Pick<JobRun, 'id' | 'tenantId' | 'requestId' | 'signal' | 'enqueue'>,
): Promise<void> {
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    run.signal.throwIfAborted();
    const count = await withTenant(ctx, (tenant) => moveConversationBatch(tenant, pair));
    if (count < BATCH) return;
  }
  await run.enqueue([jobFor(run, moveConversationsJob, pair, { suffix: 'rest' })]);
}

/** Moves up to 100 conversations with their files and what the source has read; returns their number. */
export async function moveConversationBatch(
  ctx: TenantContext,
  { sourceId, targetId }: MergePair,
): Promise<number> {
  const { tx, tenantId } = ctx;
  const found = await tx
    .select({ id: conversations.id })
    .from(conversations)
    .where(matches(conversations, { tenantId, customerId: sourceId }))
    .orderBy(asc(conversations.number))
    .limit(BATCH)
    .for('update');
  if (found.length === 0) return 0;
  const ids = found.map(({ id }) => id);
  const moved = await tx
    .update(conversations)
    .set({ customerId: targetId, version: sql`${conversations.version} + 1` })
    .where(and(eq(conversations.tenantId, tenantId), inArray(conversations.id, ids)))
    .returning();
  const sent = tx
    .select({ id: messages.id })
    .from(messages)
    .where(and(eq(messages.tenantId, tenantId), inArray(messages.conversationId, ids)));
  await tx
    .update(attachments)
    .set({ customerId: targetId })
    .where(
      and(
        matches(attachments, { tenantId, customerId: sourceId }),
        inArray(attachments.messageId, sent),
      ),
    );
  await tx
    .update(conversationReads)
    .set({ userId: targetId })
    .where(
      and(
        matches(conversationReads, { tenantId, userId: sourceId }),
        inArray(conversationReads.conversationId, ids),
      ),
    );
  for (const row of moved) await recordConversationUpdated(ctx, row, row.assigneeId);
  return moved.length;
}
