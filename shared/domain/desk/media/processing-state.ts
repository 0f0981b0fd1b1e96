import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  attachments,
  type StoredVariant,
  storageKey,
  toAttachment,
} from '@insightdesk/shared/domain/desk/attachments';
import { record } from '@insightdesk/shared/events';
import type { Loudness, ProbeResult } from '@insightdesk/shared/media';
import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import { mediaFailed, mediaPrepared } from './events.ts';
import { mediaProcessing } from './tables.ts';
import { toMedia } from './view.ts';

export interface Outcome {
  status: 'ready' | 'failed' | 'cancelled';
  reason: string | null;
  variants?: StoredVariant[];
  loudness?: Loudness | null;
}

const isRow = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  matches(mediaProcessing, { tenantId, attachmentId: id });

const isReadyAttachment = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  matches(attachments, { tenantId, id, status: 'ready' });

/**
 * Starts processing and counts the attempt; returns undefined when the attachment is not ready, when
 * processing has ended, or when another job processes it.
 */
export async function startProcessing(
  ctx: TenantContext,
  id: Id<'att'>,
  { jobId, previousJobId }: { jobId: string; previousJobId: string | undefined },
) {
  const [attachment] = await ctx.tx.select().from(attachments).where(isReadyAttachment(ctx, id));
  if (!attachment) return undefined;
  const { attempts } = mediaProcessing;
  const ownJobIds = previousJobId ? [jobId, previousJobId] : [jobId];
  const [row] = await ctx.tx
    .insert(mediaProcessing)
    .values({ tenantId: ctx.tenantId, attachmentId: id, status: 'working', jobId, attempts: 1 })
    .onConflictDoUpdate({
      target: [mediaProcessing.tenantId, mediaProcessing.attachmentId],
      set: { status: 'working', reason: null, jobId, attempts: sql`${attempts} + 1` },
      setWhere: sql`${isNull(mediaProcessing.endedAt)} and (${isNull(mediaProcessing.jobId)}
        or ${inArray(mediaProcessing.jobId, ownJobIds)})`,
    })
    .returning();
  return row && { attachment, attempts: row.attempts };
}

const isActive = (ctx: TenantContext, id: Id<'att'>) =>
  and(isRow(ctx, id), isNull(mediaProcessing.endedAt));

export const saveMetadata = (ctx: TenantContext, id: Id<'att'>, metadata: ProbeResult) =>
  ctx.tx.update(mediaProcessing).set({ metadata }).where(isActive(ctx, id));

/** Sets the status to waiting; the attempt does not count. */
export const postponeProcessing = (ctx: TenantContext, id: Id<'att'>, reason: string | null) =>
  ctx.tx
    .update(mediaProcessing)
    .set({ status: 'waiting', reason, attempts: sql`${mediaProcessing.attempts} - 1` })
    .where(isActive(ctx, id));

/** Stores the outcome of this job and emits its event; false when processing had ended before. */
export async function finishProcessing(
  ctx: TenantContext,
  id: Id<'att'>,
  jobId: string,
  { status, reason, variants = [], loudness = null }: Outcome,
): Promise<boolean> {
  const [row] = await ctx.tx
    .update(mediaProcessing)
    .set({ status, reason, loudness, endedAt: new Date() })
    .where(and(isActive(ctx, id), eq(mediaProcessing.jobId, jobId)))
    .returning();
  const names = JSON.stringify(variants.map(({ name }) => name));
  const [attachment] = await ctx.tx
    .update(attachments)
    .set({
      variants: sql`(select coalesce(jsonb_agg(v), '[]'::jsonb)
        from jsonb_array_elements(${attachments.variants}) v where not ${names}::jsonb ? (v ->> 'name'))
        || ${JSON.stringify(variants)}::jsonb`,
    })
    .where(row ? isReadyAttachment(ctx, id) : sql`false`)
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
 * Deletes converted files that are no variant of the attachment; all of them when the attachment is
 * gone, none while another job processes it.
 */
export async function deleteUnusedFiles(
  ctx: Context & { tenantId: Id<'org'> },
  id: Id<'att'>,
  jobId: string,
) {
  const [attachment, row] = await withTenant(ctx, async (tenant) => {
    const [found] = await tenant.tx.select().from(attachments).where(isReadyAttachment(tenant, id));
    const [row] = await tenant.tx.select().from(mediaProcessing).where(isRow(tenant, id));
    return [found, row];
  });
  if (row && !row.endedAt && row.jobId !== jobId) return;
  const used = (attachment?.variants ?? []).map(({ name }) => storageKey(ctx.tenantId, id, name));
  for await (const { key } of ctx.files.storage.list(storageKey(ctx.tenantId, id, ''))) {
    if (!used.includes(key) && isConverted(key)) await ctx.files.storage.delete(key);
  }
}

const isConverted = (key: string) => /\/(poster|video|audio|waveform|hls[\w-]*)$/.test(key);
