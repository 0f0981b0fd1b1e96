import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, eq, lte, sql } from 'drizzle-orm';
import { deleteTenant } from './delete-tenant.ts';

const MAX_PER_RUN = 20;

/** Deletes the organizations that are due and continues deletions that were interrupted. */
export async function deleteDueTenants(
  ctx: Context,
  { signal }: Pick<JobRun, 'signal'>,
): Promise<number> {
  const due = await ctx.database.write('system', (tx) =>
    tx.execute<{ id: string; requested_by: string | null; is_started: boolean }>(sql`
      select organization_id as id, null as requested_by, true as is_started from tenant_deletions
      where finished_at is null
      union all
      select id, deletion_requested_by::text, false from organizations
      where delete_at <= now()
        and not exists (select from tenant_deletions e where e.organization_id = organizations.id)
      limit ${MAX_PER_RUN}`),
  );
  for (const { id, requested_by, is_started } of due) {
    signal.throwIfAborted();
    const tenantId = fromUuid('org', id);
    if (!is_started && !(await disableIfDue(ctx, tenantId))) continue;
    const requestedBy = requested_by ? fromUuid('usr', requested_by) : 'unknown';
    await deleteTenant(ctx, { tenantId, requestedBy, signal });
  }
  return due.length;
}

/** Disables the organization, which ends the grace period; false when it was cancelled. */
async function disableIfDue(ctx: Context, tenantId: Id<'org'>): Promise<boolean> {
  const system = systemContext(ctx, 'tenant-deletion', { tenantId, requestId: ctx.requestId });
  const rows = await withTenant(system, ({ tx }) =>
    tx
      .update(organizations)
      .set({ disabledAt: sql`coalesce(${organizations.disabledAt}, now())` as unknown as Date })
      .where(and(eq(organizations.id, tenantId), lte(organizations.deleteAt, sql`now()`)))
      .returning({ id: organizations.id }),
  );
  return rows.length > 0;
}
