import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { isActiveStaff } from '@insightdesk/shared/domain/identity/users';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import { unassignConversations } from './jobs.ts';
import { conversations } from './tables.ts';
import { namedColumns, recordConversationUpdated } from './update-conversation-row.ts';

const BATCH = 100;
const MAX_BATCHES = 200;

type Run = Pick<JobRun, 'id' | 'tenantId' | 'requestId' | 'signal' | 'enqueue'>;

/**
 * Unassigns the open conversations of a user who is no longer staff, in batches. Closed conversations
 * keep their assignee. Emails meanwhile check their recipient when they are sent.
 */
export async function unassignFormerStaff(
  ctx: Context,
  { userId }: { userId: Id<'usr'> },
  run: Run,
): Promise<void> {
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    run.signal.throwIfAborted();
    const count = await withTenant(ctx, (tenant) => unassignBatch(tenant, userId));
    if (count < BATCH) return;
  }
  await run.enqueue([jobFor(run, unassignConversations, { userId }, { suffix: 'rest' })]);
}

async function unassignBatch(ctx: TenantContext, userId: Id<'usr'>): Promise<number> {
  if (await isActiveStaff(ctx, userId)) return 0;
  const { tx, tenantId } = ctx;
  const assigned = await tx
    .select({ id: conversations.id })
    .from(conversations)
    .where(
      and(
        matches(conversations, { tenantId, assigneeId: userId }),
        ne(conversations.status, 'closed'),
      ),
    )
    .orderBy(asc(conversations.number))
    .limit(BATCH)
    .for('update');
  if (assigned.length === 0) return 0;
  const ids = assigned.map(({ id }) => id);
  const updated = await tx
    .update(conversations)
    .set({ assigneeId: null, version: sql`${conversations.version} + 1` })
    .where(and(eq(conversations.tenantId, tenantId), inArray(conversations.id, ids)))
    .returning(namedColumns);
  for (const row of updated) await recordConversationUpdated(ctx, row, userId);
  return assigned.length;
}
