import { type Context, systemContext } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { sql } from 'drizzle-orm';
import type { ReconcileOptions, ReconcileReport } from './reconcile-report.ts';
import { sweepOrganization } from './reconcile-tenant.ts';

const PAGE = 200;
/**
 * Compares what storage has with what the database knows of, both ways and for all organisations: a
 * file without a row is deleted, and a row without its file is rejected. Organisations that the
 * database does not know are left alone unless they were erased.
 */
export async function reconcileFiles(
  ctx: Context,
  sweep: ReconcileOptions,
): Promise<ReconcileReport> {
  const report: ReconcileReport = {
    organizations: 0,
    files: 0,
    orphans: { files: 0, bytes: 0 },
    missing: [],
    damaged: [],
  };
  for await (const tenantId of sweep.tenantId ? [sweep.tenantId] : idsOf(ctx, 'organizations')) {
    const system = systemContext(ctx, 'files', { tenantId, requestId: ctx.requestId });
    await sweepOrganization(system, sweep, report);
    report.organizations++;
  }
  if (sweep.tenantId) return report;
  for await (const tenantId of idsOf(ctx, 'erasures'))
    await sweepErased(ctx, tenantId, sweep, report);
  return report;
}

// Whoever ever began an upload has its bytes counted, so that those are all that have files.
const pages = {
  organizations: (after: string) =>
    sql`select tenant_id as id from stored_bytes where tenant_id > ${after}::uuid
      order by tenant_id limit ${PAGE}`,
  erasures: (after: string) => sql`select organization_id as id from erasures
    where finished_at is not null and organization_id > ${after}::uuid
    order by organization_id limit ${PAGE}`,
};

async function* idsOf(ctx: Context, table: keyof typeof pages): AsyncGenerator<Id<'org'>> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await ctx.database.write('system', (tx) => tx.execute(pages[table](after)));
    for (const { id } of rows) yield fromUuid('org', String(id));
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = String(last.id);
  }
}

/** What was written in the moment of its end. */
async function sweepErased(
  { files: { storage } }: Context,
  tenantId: Id<'org'>,
  { isDry, minAgeMs, signal }: ReconcileOptions,
  { orphans }: ReconcileReport,
): Promise<void> {
  for await (const { key, sizeBytes, modifiedAt } of storage.list(`${tenantId}/`)) {
    signal.throwIfAborted();
    if (modifiedAt.getTime() > Date.now() - minAgeMs) continue;
    orphans.files++;
    orphans.bytes += sizeBytes;
    if (!isDry) await storage.delete(key);
  }
}
