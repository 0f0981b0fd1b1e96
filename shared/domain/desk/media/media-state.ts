import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  attachments,
  type StoredVariant,
  storageKey,
  toAttachment,
} from '@insightdesk/shared/domain/desk/attachments';
import { record } from '@insightdesk/shared/events';
import type { Loudness, RecordingFacts } from '@insightdesk/shared/media';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { recordingFailed, recordingPrepared } from './events.ts';
import { recordings } from './tables.ts';
import { toRecording } from './view.ts';

/** How the work on a recording ends. */
export interface End {
  status: 'ready' | 'failed' | 'cancelled';
  reason: string | null;
  variants?: StoredVariant[];
  loudness?: Loudness | null;
}

/** What tells the jobs of one cause apart. */
const WAITED = '-wait[0-9]+$';

const rowOf = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  and(eq(recordings.tenantId, tenantId), eq(recordings.attachmentId, id));

const attachmentOf = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  and(eq(attachments.tenantId, tenantId), eq(attachments.id, id), eq(attachments.status, 'ready'));

/**
 * Takes the work up, counted before it is tried; undefined when the attachment may not be looked at,
 * when the work has ended, or another job is at it.
 */
export async function begin(ctx: TenantContext, id: Id<'att'>, jobId: string) {
  const [attachment] = await ctx.tx.select().from(attachments).where(attachmentOf(ctx, id));
  if (!attachment) return undefined;
  const [row] = await ctx.tx
    .insert(recordings)
    .values({ tenantId: ctx.tenantId, attachmentId: id, status: 'working', jobId, attempts: 1 })
    .onConflictDoUpdate({
      target: [recordings.tenantId, recordings.attachmentId],
      set: { status: 'working', reason: null, jobId, attempts: sql`${recordings.attempts} + 1` },
      setWhere: sql`${recordings.endedAt} is null and (${recordings.jobId} is null
        or regexp_replace(${recordings.jobId}, ${WAITED}, '') = ${jobId.replace(/-wait\d+$/, '')})`,
    })
    .returning();
  return row && { attachment, attempts: row.attempts };
}

const going = (ctx: TenantContext, id: Id<'att'>) =>
  and(rowOf(ctx, id), isNull(recordings.endedAt));

export const noteFacts = (ctx: TenantContext, id: Id<'att'>, facts: RecordingFacts) =>
  ctx.tx.update(recordings).set({ facts }).where(going(ctx, id));

/** It was not begun after all, for this reason. */
export const putOff = (ctx: TenantContext, id: Id<'att'>, reason: string) =>
  ctx.tx
    .update(recordings)
    .set({ status: 'waiting', reason, attempts: sql`${recordings.attempts} - 1` })
    .where(going(ctx, id));

/** Ends the work of this job, and tells; false when it had ended before. */
export async function end(
  ctx: TenantContext,
  id: Id<'att'>,
  jobId: string,
  { status, reason, variants = [], loudness = null }: End,
): Promise<boolean> {
  const [row] = await ctx.tx
    .update(recordings)
    .set({ status, reason, loudness, endedAt: new Date() })
    .where(and(going(ctx, id), eq(recordings.jobId, jobId)))
    .returning();
  const names = JSON.stringify(variants.map(({ name }) => name));
  const [attachment] = await ctx.tx
    .update(attachments)
    .set({
      variants: sql`(select coalesce(jsonb_agg(v), '[]'::jsonb)
        from jsonb_array_elements(${attachments.variants}) v where not ${names}::jsonb ? (v ->> 'name'))
        || ${JSON.stringify(variants)}::jsonb`,
    })
    .where(row ? attachmentOf(ctx, id) : sql`false`)
    .returning();
  if (!row || !attachment) return false;
  const { conversationId, customerId, uploadedBy } = attachment;
  await record(ctx, status === 'ready' ? recordingPrepared : recordingFailed, {
    conversationId,
    customerId,
    uploadedBy,
    recording: toRecording(id, row),
    attachment: toAttachment(attachment, ctx.settings.publicUrl),
  });
  return true;
}

/**
 * Removes what was made of it and belongs to no variant, all of it when the attachment is gone;
 * nothing while another job is at it.
 */
export async function discardFiles(
  ctx: Context & { tenantId: Id<'org'> },
  id: Id<'att'>,
  jobId: string,
) {
  const [attachment, row] = await withTenant(ctx, async (tenant) => {
    const [found] = await tenant.tx.select().from(attachments).where(attachmentOf(tenant, id));
    const [row] = await tenant.tx.select().from(recordings).where(rowOf(tenant, id));
    return [found, row];
  });
  if (row && !row.endedAt && row.jobId !== jobId) return;
  const kept = (attachment?.variants ?? []).map(({ name }) => storageKey(ctx.tenantId, id, name));
  for await (const { key } of ctx.storage.list(storageKey(ctx.tenantId, id, ''))) {
    if (!kept.includes(key) && isDerived(key)) await ctx.storage.delete(key);
  }
}

const isDerived = (key: string) => /\/(poster|film|sound|peaks|hls[\w-]*)$/.test(key);
