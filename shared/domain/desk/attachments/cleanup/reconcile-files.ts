import { type Context, systemContext } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { readPages } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { deleteStoredFiles } from './delete-stored-files.ts';
import { expireUploads } from './expire-uploads.ts';
import {
  addOrphans,
  type ReconcileOptions,
  type ReconcileReport,
  reconcileTenant,
} from './reconcile-tenant.ts';

const PAGE = 200;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/**
 * Reconciles stored files with database rows: expires uploads (see `expireUploads`; not in a dry run
 * or for one organization), deletes files without a row, and rejects attachments without their file.
 * Skips files of organizations that the database does not know, unless they were erased.
 */
export async function reconcileFiles(
  ctx: Context,
  options: ReconcileOptions,
): Promise<ReconcileReport> {
  const report: ReconcileReport = {
    organizations: 0,
    files: 0,
    orphans: { files: 0, bytes: 0 },
    missing: [],
    damaged: [],
  };
  const reconcile = async (tenantId: Id<'org'>) => {
    const system = systemContext(ctx, 'files', { tenantId, requestId: ctx.requestId });
    await reconcileTenant(system, options, report);
    report.organizations++;
  };
  if (options.tenantId) {
    await reconcile(options.tenantId);
    return report;
  }
  if (!options.isDryRun) await expireUploads(ctx, {}, options);
  for await (const tenantId of listTenantIds(ctx, 'organizations')) await reconcile(tenantId);
  for await (const tenantId of listTenantIds(ctx, 'deletions')) {
    addOrphans(report, await deleteErasedFiles(ctx, tenantId, options));
  }
  return report;
}

// An organization has a row in stored_bytes from its first upload on.
const pages = {
  organizations: (after: string) =>
    sql`select tenant_id as id from stored_bytes where tenant_id > ${after}::uuid
      order by tenant_id limit ${PAGE}`,
  deletions: (after: string) => sql`select organization_id as id from tenant_deletions
    where finished_at is not null and organization_id > ${after}::uuid
    order by organization_id limit ${PAGE}`,
};

async function* listTenantIds(ctx: Context, table: keyof typeof pages): AsyncGenerator<Id<'org'>> {
  const rows = readPages<{ id: string }>(PAGE, (last) =>
    ctx.database.write('system', (tx) => tx.execute(pages[table](last?.id ?? NIL_UUID))),
  );
  for await (const { id } of rows) yield fromUuid('org', id);
}

/** Deletes files that were written while their organization was being erased. */
function deleteErasedFiles(
  ctx: Context,
  tenantId: Id<'org'>,
  { isDryRun, minAgeMs, signal }: ReconcileOptions,
) {
  return deleteStoredFiles(ctx, ctx.files.storage.list(`${tenantId}/`), {
    isDryRun,
    isOrphan({ modifiedAt }) {
      signal.throwIfAborted();
      return modifiedAt.getTime() <= Date.now() - minAgeMs;
    },
  });
}
