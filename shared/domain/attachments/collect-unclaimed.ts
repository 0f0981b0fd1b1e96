import type { Context } from '@insightdesk/shared/context';
import { fromUuid, toUuid } from '@insightdesk/shared/contract';
import type { JobRun } from '@insightdesk/shared/jobs';
import { sql } from 'drizzle-orm';
import { deleteFiles } from './delete-files.ts';

const BATCH = 100;
const MOST_BATCHES = 1_000;

/**
 * Removes the uploads of all organisations that no message claimed within a day, and the
 * reservations of uploads that never ended. Rows first, remembered until their files are gone, so
 * that nothing is left whenever it is cut off; a claim that comes at the same time wins or finds
 * nothing.
 */
export async function collectUnclaimed(ctx: Context, _payload: object, run: JobRun) {
  const counts = { attachments: 0, reservations: 0 };
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    run.signal.throwIfAborted();
    const { count } = await ctx.database.write('system', (tx) => tx.execute(discard));
    counts.attachments += count;
    if (count < BATCH) break;
  }
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    run.signal.throwIfAborted();
    if ((await deleteDiscarded(ctx)) < BATCH) break;
  }
  const { count } = await ctx.database.write('system', (tx) => tx.execute(release));
  return { ...counts, reservations: count };
}

const discard = sql`with gone as (
    delete from attachments where message_id is null
      and created_at < now() - interval '24 hours'
      and (tenant_id, id) in (select tenant_id, id from attachments
        where message_id is null and created_at < now() - interval '24 hours'
        order by created_at limit ${sql.raw(String(BATCH))})
    returning tenant_id, id)
  insert into discarded_attachments (tenant_id, id) select tenant_id, id from gone`;

/** The organisations whose reservations ran out, each with what they held. */
const release = sql`with gone as (
    delete from byte_reservations where created_at < now() - interval '1 hour'
    returning tenant_id, bytes)
  update stored_bytes set bytes = stored_bytes.bytes - freed.bytes
    from (select tenant_id, sum(bytes) as bytes from gone group by tenant_id) freed
    where stored_bytes.tenant_id = freed.tenant_id`;

async function deleteDiscarded(ctx: Context): Promise<number> {
  const rows = await ctx.database.write('system', (tx) =>
    tx.execute(sql`select tenant_id, id from discarded_attachments
      order by created_at limit ${BATCH}`),
  );
  for (const row of rows) {
    const tenantId = fromUuid('org', String(row.tenant_id));
    const id = fromUuid('att', String(row.id));
    await deleteFiles(ctx, { tenantId, id });
    await ctx.database.write('system', (tx) =>
      tx.execute(sql`delete from discarded_attachments
        where tenant_id = ${toUuid(tenantId)}::uuid and id = ${toUuid(id)}::uuid`),
    );
  }
  return rows.length;
}
