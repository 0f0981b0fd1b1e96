import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, eq, lte, sql } from 'drizzle-orm';
import { eraseEverything } from './erase-everything.ts';

const MOST_AT_ONCE = 20;

/** Erases the organisations whose time is up, and goes on with those that were begun. */
export async function eraseDue(ctx: Context, { signal }: Pick<JobRun, 'signal'>): Promise<number> {
  const due = await ctx.database.write('system', (tx) =>
    tx.execute<{ id: string; by: string | null; is_begun: boolean }>(sql`
      select organization_id as id, null as by, true as is_begun from erasures
      where finished_at is null
      union all
      select id, erase_requested_by::text, false from organizations
      where erase_at <= now()
        and not exists (select from erasures e where e.organization_id = organizations.id)
      limit ${MOST_AT_ONCE}`),
  );
  for (const { id, by, is_begun } of due) {
    signal.throwIfAborted();
    const tenantId = fromUuid('org', id);
    if (!is_begun && !(await isStillDue(ctx, tenantId))) continue;
    const requestedBy = by ? fromUuid('usr', by) : 'unknown';
    await eraseEverything(ctx, { tenantId, requestedBy, signal });
  }
  return due.length;
}

/** Takes the way back, unless it was gone. */
async function isStillDue(ctx: Context, tenantId: Id<'org'>): Promise<boolean> {
  const system = systemContext(ctx, 'erasure', { tenantId, requestId: ctx.requestId });
  const rows = await withTenant(system, ({ tx }) =>
    tx
      .update(organizations)
      .set({ disabledAt: sql`coalesce(${organizations.disabledAt}, now())` as unknown as Date })
      .where(and(eq(organizations.id, tenantId), lte(organizations.eraseAt, sql`now()`)))
      .returning({ id: organizations.id }),
  );
  return rows.length > 0;
}
