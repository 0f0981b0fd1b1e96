import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  attachments,
  type StoredVariant,
  storageKey,
  toAttachment,
} from '@insightdesk/shared/domain/desk/attachments';
import { record } from '@insightdesk/shared/events';
import type { Loudness, ProbeResult } from '@insightdesk/shared/media';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { mediaFailed, mediaPrepared } from './events.ts';
import { mediaFiles } from './tables.ts';
import { toMedia } from './view.ts';

/** How the work on a recording ends. */
export interface Outcome {
  status: 'ready' | 'failed' | 'cancelled';
  reason: string | null;
  variants?: StoredVariant[];
  loudness?: Loudness | null;
}

/** What tells the jobs of one cause apart. */
const WAITED = '-wait[0-9]+$';

const rowOf = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  and(eq(mediaFiles.tenantId, tenantId), eq(mediaFiles.attachmentId, id));

const attachmentOf = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  and(eq(attachments.tenantId, tenantId), eq(attachments.id, id), eq(attachments.status, 'ready'));

/**
 * Takes the work up, counted before it is tried; undefined when the attachment may not be looked at,
 * when the work has ended, or another job is at it.
 */
export async function startProcessing(ctx: TenantContext, id: Id<'att'>, jobId: string) {
  const [attachment] = await ctx.tx.select().from(attachments).where(attachmentOf(ctx, id));
  if (!attachment) return undefined;
  const [row] = await ctx.tx
    .insert(mediaFiles)
    .values({ tenantId: ctx.tenantId, attachmentId: id, status: 'working', jobId, attempts: 1 })
    .onConflictDoUpdate({
      target: [mediaFiles.tenantId, mediaFiles.attachmentId],
      set: { status: 'working', reason: null, jobId, attempts: sql`${mediaFiles.attempts} + 1` },
      setWhere: sql`${mediaFiles.endedAt} is null and (${mediaFiles.jobId} is null
        or regexp_replace(${mediaFiles.jobId}, ${WAITED}, '') = ${jobId.replace(/-wait\d+$/, '')})`,
    })
    .returning();
  return row && { attachment, attempts: row.attempts };
}

const going = (ctx: TenantContext, id: Id<'att'>) =>
  and(rowOf(ctx, id), isNull(mediaFiles.endedAt));

export const saveProbe = (ctx: TenantContext, id: Id<'att'>, facts: ProbeResult) =>
  ctx.tx.update(mediaFiles).set({ facts }).where(going(ctx, id));

/** It was not begun after all, for this reason. */
export const postponeProcessing = (ctx: TenantContext, id: Id<'att'>, reason: string) =>
  ctx.tx
    .update(mediaFiles)
    .set({ status: 'waiting', reason, attempts: sql`${mediaFiles.attempts} - 1` })
    .where(going(ctx, id));

/** Ends the work of this job, and tells; false when it had ended before. */
export async function finishProcessing(
  ctx: TenantContext,
  id: Id<'att'>,
  jobId: string,
  { status, reason, variants = [], loudness = null }: Outcome,
): Promise<boolean> {
  const [row] = await ctx.tx
    .update(mediaFiles)
    .set({ status, reason, loudness, endedAt: new Date() })
    .where(and(going(ctx, id), eq(mediaFiles.jobId, jobId)))
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
  await record(ctx, status === 'ready' ? mediaPrepared : mediaFailed, {
    conversationId,
    customerId,
    uploadedBy,
    recording: toMedia(id, row),
    attachment: toAttachment(attachment, ctx.settings.publicUrl),
  });
  return true;
}

/**
 * Removes what was made of it and belongs to no variant, all of it when the attachment is gone;
 * nothing while another job is at it.
 */
export async function deleteUnusedFiles(
  ctx: Context & { tenantId: Id<'org'> },
  id: Id<'att'>,
  jobId: string,
) {
  const [attachment, row] = await withTenant(ctx, async (tenant) => {
    const [found] = await tenant.tx.select().from(attachments).where(attachmentOf(tenant, id));
    const [row] = await tenant.tx.select().from(mediaFiles).where(rowOf(tenant, id));
    return [found, row];
  });
  if (row && !row.endedAt && row.jobId !== jobId) return;
  const kept = (attachment?.variants ?? []).map(({ name }) => storageKey(ctx.tenantId, id, name));
  for await (const { key } of ctx.files.storage.list(storageKey(ctx.tenantId, id, ''))) {
    if (!kept.includes(key) && isDerived(key)) await ctx.files.storage.delete(key);
  }
}

const isDerived = (key: string) => /\/(poster|film|sound|peaks|hls[\w-]*)$/.test(key);
