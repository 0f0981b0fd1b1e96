import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { readPages } from '@insightdesk/shared/database';
import { deleteInBatches } from '@insightdesk/shared/domain/tenancy/retention';
import { record } from '@insightdesk/shared/events';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { auditPruned } from './events.ts';
import { auditCheckpoints, auditEntries } from './tables.ts';

const PAGE = 500;
const DAY_MS = 86_400_000;
/** How much longer than configured an entry may stay: each log is pruned at most once in this time. */
const SLACK_DAYS = 30;

type Run = Pick<JobRun, 'signal'>;

/**
 * Deletes entries older than the configured retention from the logs of all organizations; returns how
 * many. The log itself records the pruning, and starts at its checkpoint from then on.
 */
export async function pruneAudit(ctx: Context, run: Run): Promise<number> {
  const days = ctx.settings.auditRetentionDays;
  if (days === 0) return 0;
  const before = new Date(Date.now() - days * DAY_MS);
  let pruned = 0;
  for await (const tenantId of organizationsWithOlder(ctx, before)) {
    run.signal.throwIfAborted();
    const through = await markPruned(ctx, tenantId, before);
    if (through === undefined) continue;
    pruned += await deleteInBatches(
      ctx,
      run,
      (limit) => sql`delete from audit_entries where tenant_id = ${toUuid(tenantId)}::uuid
        and sequence in (select sequence from audit_entries
          where tenant_id = ${toUuid(tenantId)}::uuid and sequence <= ${through}::int8
          order by sequence limit ${limit})`,
    );
  }
  return pruned;
}

/** Organizations whose first entry is too old, or whose pruning was interrupted. */
async function* organizationsWithOlder(
  { database }: Context,
  before: Date,
): AsyncGenerator<Id<'org'>> {
  const oldest = new Date(before.getTime() - SLACK_DAYS * DAY_MS).toISOString();
  const pages = readPages<{ tenant_id: string }>(PAGE, (last) =>
    database.write('system', (tx) =>
      tx.execute(sql`
        select c.tenant_id from audit_chains c
        cross join lateral (select e.sequence, e.at from audit_entries e
          where e.tenant_id = c.tenant_id order by e.sequence limit 1) oldest
        left join audit_checkpoints p on p.tenant_id = c.tenant_id
        where ${last ? sql`c.tenant_id > ${last.tenant_id}::uuid` : sql`true`}
          and (oldest.at < ${oldest}::timestamptz or oldest.sequence <= p.sequence)
        order by c.tenant_id limit ${PAGE}`),
    ),
  );
  for await (const { tenant_id } of pages) yield fromUuid('org', tenant_id);
}

/** Records the pruning, then moves the checkpoint; returns the sequence to delete up to. */
async function markPruned(ctx: Context, tenantId: Id<'org'>, before: Date) {
  const { last, known } = await ctx.database.write('system', async (tx) => {
    const [newest] = await tx
      .select({ sequence: auditEntries.sequence, hash: auditEntries.hash })
      .from(auditEntries)
      .where(and(eq(auditEntries.tenantId, tenantId), lt(auditEntries.at, before)))
      .orderBy(desc(auditEntries.at), desc(auditEntries.sequence))
      .limit(1);
    const [checkpoint] = await tx
      .select()
      .from(auditCheckpoints)
      .where(eq(auditCheckpoints.tenantId, tenantId));
    return { last: newest, known: checkpoint?.sequence ?? 0 };
  });
  if (!last || last.sequence <= known) return known || undefined;
  const { sequence, hash } = last;
  const tenantContext = systemContext(ctx, 'retention', { tenantId, requestId: ctx.requestId });
  const payload = { through: sequence, link: hash, entries: sequence - known };
  await withTenant(tenantContext, (tenant) =>
    record(tenant, auditPruned, { ...payload, before: before.toISOString() }),
  );
  await ctx.database.write('system', (tx) =>
    tx
      .insert(auditCheckpoints)
      .values({ tenantId, sequence, hash, prunedBefore: before })
      .onConflictDoUpdate({
        target: auditCheckpoints.tenantId,
        set: { sequence, hash, prunedBefore: before },
        setWhere: lt(auditCheckpoints.sequence, sequence),
      }),
  );
  return sequence;
}
