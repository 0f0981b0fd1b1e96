import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { deletedAttachments } from '@insightdesk/shared/domain/tenancy/usage';
import type { JobRun } from '@insightdesk/shared/jobs';
import { asc, type SQL, sql } from 'drizzle-orm';
import { rejectAttachment } from '../reject-attachment.ts';
import { deleteQueuedFiles, deleteUploadParts } from './delete-stored-files.ts';

const BATCH = 100;
const MAX_BATCHES = 1_000;

/**
 * For all organizations: deletes attachments that no message claimed within a day and uploads that
 * expired, rejects attachments that waited a day for their check, releases expired byte
 * reservations, and deletes the files in the deletion queue. Rows go first and are queued in the
 * same transaction, so an interrupted run leaves nothing behind. Of a claim and an expiry at the
 * same time exactly one succeeds.
 */
export async function expireUploads(ctx: Context, _payload: object, run: Pick<JobRun, 'signal'>) {
  const inBatches = (work: () => Promise<number>) => repeatBatches(run.signal, work);
  const execute = async (statement: SQL) =>
    (await ctx.database.write('system', (tx) => tx.execute(statement))).count;
  const attachments = await inBatches(() => execute(queueUnclaimed));
  const uploads = await inBatches(() => execute(queueExpiredUploads));
  const rejected = await inBatches(() => rejectUnchecked(ctx));
  await inBatches(() => deleteQueuedBatch(ctx));
  return { attachments, uploads, rejected, reservations: await execute(releaseReservations) };
}

/** Repeats `work` until a batch is not full; returns the total. */
async function repeatBatches(signal: AbortSignal, work: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    signal.throwIfAborted();
    const count = await work();
    total += count;
    if (count < BATCH) break;
  }
  return total;
}

const batchSize = sql.raw(String(BATCH));

const queueUnclaimed = sql`with expired as (
    delete from attachments where message_id is null
      and created_at < now() - interval '24 hours'
      and (tenant_id, id) in (select tenant_id, id from attachments
        where message_id is null and created_at < now() - interval '24 hours'
        order by created_at limit ${batchSize})
    returning tenant_id, id)
  insert into ${deletedAttachments} (tenant_id, id)
    select tenant_id, id from expired on conflict do nothing`;

/** The files of a completed upload belong to its attachment: only its row is deleted. */
const queueExpiredUploads = sql`with expired as (
    delete from uploads where expires_at < now()
      and (tenant_id, id) in (select tenant_id, id from uploads
        where expires_at < now() order by expires_at limit ${batchSize})
    returning tenant_id, id, completed_at),
  queued as (
    insert into ${deletedAttachments} (tenant_id, id)
      select tenant_id, id from expired where completed_at is null on conflict do nothing)
  select 1 from expired`;

/** Returns one row for each organization whose reservations expired. */
const releaseReservations = sql`with expired as (
    delete from byte_reservations where expires_at < now()
    returning tenant_id, bytes)
  update stored_bytes set bytes = stored_bytes.bytes - released.bytes
    from (select tenant_id, sum(bytes) as bytes from expired group by tenant_id) released
    where stored_bytes.tenant_id = released.tenant_id`;

async function deleteQueuedBatch(ctx: Context): Promise<number> {
  const { tenantId, id, createdAt } = deletedAttachments;
  const queued = await ctx.database.write('system', (tx) =>
    tx.select({ tenantId, id }).from(deletedAttachments).orderBy(asc(createdAt)).limit(BATCH),
  );
  for (const row of queued) {
    await deleteQueuedFiles(workerContext(ctx, row.tenantId), { attachmentId: row.id });
  }
  return queued.length;
}

/** After a day every attempt to check these attachments has failed. */
async function rejectUnchecked(ctx: Context): Promise<number> {
  const rows = await ctx.database.write('system', (tx) =>
    tx.execute(sql`select tenant_id, id from attachments
      where status = 'pending' and created_at < now() - interval '24 hours'
      order by created_at limit ${BATCH}`),
  );
  for (const row of rows) {
    const tenantId = fromUuid('org', String(row.tenant_id));
    const id = fromUuid('att', String(row.id));
    const worker = workerContext(ctx, tenantId);
    await withTenant(worker, (tenant) => rejectAttachment(tenant, id, 'PROCESSING_FAILED'));
    await deleteUploadParts(worker, { tenantId, id });
  }
  return rows.length;
}

const workerContext = (ctx: Context, tenantId: Id<'org'>) =>
  systemContext(ctx, 'worker', { tenantId, requestId: ctx.requestId });
