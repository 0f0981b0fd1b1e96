import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { isReachableStaff } from '@insightdesk/shared/domain/identity/users';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import { recordConversationUpdated } from './update-conversation-row.ts';
import { unassignConversations } from './jobs.ts';
import { conversations } from './tables.ts';

const BATCH = 100;
const MOST_BATCHES = 200;

type Run = Pick<JobRun, 'id' | 'tenantId' | 'requestId' | 'signal' | 'enqueue'>;

/**
 * Takes the conversations of somebody who is no longer staff away from them, a bounded batch per
 * transaction; closed ones keep the name, nobody writes to them. Meanwhile whoever would get mail
 * is looked at when it is sent.
 */
export async function unassignFormerStaff(
  ctx: Context,
  { userId }: { userId: Id<'usr'> },
  run: Run,
): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    run.signal.throwIfAborted();
    const count = await withTenant(ctx, (tenant) => unassignSome(tenant, userId));
    if (count < BATCH) return;
  }
  await run.enqueue([jobFor(run, unassignConversations, { userId }, { suffix: 'rest' })]);
}

async function unassignSome(ctx: TenantContext, userId: Id<'usr'>): Promise<number> {
  if (await isReachableStaff(ctx, userId)) return 0;
  const { tx, tenantId } = ctx;
  const theirs = await tx
    .select({ id: conversations.id })
    .from(conversations)
    .where(
      and(
        eq(conversations.tenantId, tenantId),
        eq(conversations.assigneeId, userId),
        ne(conversations.status, 'closed'),
      ),
    )
    .orderBy(asc(conversations.number))
    .limit(BATCH)
    .for('update');
  if (theirs.length === 0) return 0;
  const ids = theirs.map(({ id }) => id);
  const changed = await tx
    .update(conversations)
    .set({ assigneeId: null, version: sql`${conversations.version} + 1` })
    .where(and(eq(conversations.tenantId, tenantId), inArray(conversations.id, ids)))
    .returning();
  for (const row of changed) await recordConversationUpdated(ctx, row, userId);
  return theirs.length;
}
