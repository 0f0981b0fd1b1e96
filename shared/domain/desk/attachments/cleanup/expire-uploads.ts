import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid } from '@insightdesk/shared/contract';
import type { JobRun } from '@insightdesk/shared/jobs';
import { type SQL, sql } from 'drizzle-orm';
import { rejectAttachment } from '../reject-attachment.ts';
import { deleteUploadParts } from '../uploads/assemble-upload.ts';
import { clearDiscarded } from './delete-queued-files.ts';

const BATCH = 100;
const MOST_BATCHES = 1_000;

/**
 * Removes the uploads of all organisations that no message claimed within a day and those that were
 * given up, and what was set aside for them. Rows first, remembered until their files are gone, so
 * that nothing is left whenever it is cut off; a claim that comes at the same time wins or finds
 * nothing. What waits for its check for a day is rejected.
 */
export async function expireUploads(ctx: Context, _payload: object, run: Pick<JobRun, 'signal'>) {
  const times = (work: () => Promise<number>) => inBatches(run.signal, work);
  const execute = async (statement: SQL) =>
    (await ctx.database.write('system', (tx) => tx.execute(statement))).count;
  const attachments = await times(() => execute(discard));
  const uploads = await times(() => execute(giveUp));
  const rejected = await times(() => rejectStale(ctx));
  await times(() => deleteDiscarded(ctx));
  return { attachments, uploads, rejected, reservations: await execute(release) };
}

/** Until a batch is not full; how many in all. */
async function inBatches(signal: AbortSignal, work: () => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    signal.throwIfAborted();
    const count = await work();
    total += count;
    if (count < BATCH) break;
  }
  return total;
}

const discard = sql`with gone as (
    delete from attachments where message_id is null
      and created_at < now() - interval '24 hours'
      and (tenant_id, id) in (select tenant_id, id from attachments
        where message_id is null and created_at < now() - interval '24 hours'
        order by created_at limit ${sql.raw(String(BATCH))})
    returning tenant_id, id)
  insert into discarded_attachments (tenant_id, id)
    select tenant_id, id from gone on conflict do nothing`;

/** Of one that is whole the row alone: it belongs to an attachment, and so do its files. */
const giveUp = sql`with gone as (
    delete from uploads where expires_at < now()
      and (tenant_id, id) in (select tenant_id, id from uploads
        where expires_at < now() order by expires_at limit ${sql.raw(String(BATCH))})
    returning tenant_id, id, completed_at),
  remembered as (
    insert into discarded_attachments (tenant_id, id)
      select tenant_id, id from gone where completed_at is null on conflict do nothing)
  select 1 from gone`;

/** The organisations whose reservations ran out, each with what they held. */
const release = sql`with gone as (
    delete from byte_reservations where expires_at < now()
    returning tenant_id, bytes)
  update stored_bytes set bytes = stored_bytes.bytes - freed.bytes
    from (select tenant_id, sum(bytes) as bytes from gone group by tenant_id) freed
    where stored_bytes.tenant_id = freed.tenant_id`;

async function deleteDiscarded(ctx: Context): Promise<number> {
  const rows = await ctx.database.write('system', (tx) =>
    tx.execute(sql`select tenant_id, id from discarded_attachments
      order by created_at limit ${BATCH}`),
  );
  for (const row of rows) await clearDiscarded(ctx, toIds(row));
  return rows.length;
}

/** By then every try to look into it has failed. */
async function rejectStale(ctx: Context): Promise<number> {
  const rows = await ctx.database.write('system', (tx) =>
    tx.execute(sql`select tenant_id, id from attachments
      where status = 'pending' and created_at < now() - interval '24 hours'
      order by created_at limit ${BATCH}`),
  );
  for (const row of rows) {
    const { tenantId, id } = toIds(row);
    const system = systemContext(ctx, 'worker', { tenantId, requestId: ctx.requestId });
    await withTenant(system, (tenant) => rejectAttachment(tenant, id, 'PROCESSING_FAILED'));
    await deleteUploadParts(system, { tenantId, id });
  }
  return rows.length;
}

const toIds = (row: Record<string, unknown>) => ({
  tenantId: fromUuid('org', String(row.tenant_id)),
  id: fromUuid('att', String(row.id)),
});
