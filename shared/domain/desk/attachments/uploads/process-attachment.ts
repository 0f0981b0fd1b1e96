import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { DomainError, InfrastructureError, outageCode } from '@insightdesk/shared/errors';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, ne, sql } from 'drizzle-orm';
import { deleteAttachmentFiles, deleteUploadParts } from '../cleanup/delete-stored-files.ts';
import { emitProcessed } from '../reject-attachment.ts';
import { storageKey } from '../storage-key.ts';
import { attachments, type StoredVariant } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';
import { needsProcessing } from './check-content.ts';
import { inspectAttachment } from './inspect-attachment.ts';

type Run = Partial<Pick<JobRun, 'signal' | 'untimed'>>;

/** Crashes of the image worker. */
const MAX_CRASHES = 3;
/** Started runs, however they ended. */
const MAX_ATTEMPTS = 10;

/**
 * Inspects an attachment, releases it from quarantine and stores the variants of an image. Running it
 * again changes nothing. Rejects files that cannot be processed, including those that crash the
 * image worker or the whole process each time.
 */
export async function processAttachment(
  ctx: Context,
  { attachmentId }: { attachmentId: Id<'att'> },
  run: Run = {},
) {
  const row = await withTenant(ctx, (tenant) => startAttempt(tenant, attachmentId));
  if (!row) return;
  const outcome =
    row.attempts > MAX_ATTEMPTS
      ? rejected('PROCESSING_FAILED')
      : await inspectAndConvert(ctx, row, run);
  const processed = await withTenant(ctx, async (tenant) => {
    const [updated] = await tenant.tx
      .update(attachments)
      .set({ ...outcome, quarantined: false })
      .where(isPending(tenant, attachmentId))
      .returning();
    if (updated) await emitProcessed(tenant, updated);
    return updated;
  });
  if (!processed) await deleteIfGone(ctx, attachmentId);
  else if (row.quarantined) await deleteUploadParts(ctx, row);
}

/** Deletes the files that were just written, if the attachment was deleted or rejected meanwhile. */
async function deleteIfGone(ctx: Context, id: Id<'att'>) {
  const tenantId = ctx.tenantId as Id<'org'>;
  const existing = await withTenant(ctx, ({ tx }) =>
    tx
      .select({ id: attachments.id })
      .from(attachments)
      .where(and(matches(attachments, { tenantId, id }), ne(attachments.status, 'rejected'))),
  );
  if (existing.length === 0) await deleteAttachmentFiles(ctx, { tenantId, id });
}

const rejected = (rejection: string) => ({ status: 'rejected' as const, variants: [], rejection });

const isPending = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  matches(attachments, { tenantId, id, status: 'pending' });

/** Counts the attempt before it starts, because a worker that dies cannot count it afterwards. */
async function startAttempt(ctx: TenantContext, id: Id<'att'>) {
  const [row] = await ctx.tx
    .update(attachments)
    .set({ attempts: sql`${attachments.attempts} + 1` })
    .where(isPending(ctx, id))
    .returning();
  return row;
}

/** Does not count an attempt that failed because a dependency is unavailable. */
const revertAttempt = (ctx: TenantContext, id: Id<'att'>) =>
  ctx.tx
    .update(attachments)
    .set({ attempts: sql`${attachments.attempts} - 1` })
    .where(isPending(ctx, id));

async function inspectAndConvert(ctx: Context, row: AttachmentRow, run: Run) {
  try {
    const { contentType } = await inspectAttachment(ctx, row, run.signal);
    const variants = needsProcessing(contentType) ? await storeVariants(ctx, row, run) : [];
    return { status: 'ready' as const, contentType, variants };
  } catch (error) {
    if (error instanceof DomainError) return rejected(error.code);
    if (isCrash(error) && row.attempts >= MAX_CRASHES) return rejected('PROCESSING_FAILED');
    if (outageCode(error)) await withTenant(ctx, (tenant) => revertAttempt(tenant, row.id));
    throw error;
  }
}

const isCrash = (error: unknown) =>
  error instanceof InfrastructureError && error.code === 'MEDIA_PROCESS_DIED';

async function storeVariants(
  { files: { storage, media } }: Context,
  { tenantId, id, sizeBytes }: AttachmentRow,
  { signal, untimed: whileWaiting }: Run,
) {
  const original = { sizeBytes, open: () => storage.download(storageKey(tenantId, id)) };
  const stored: StoredVariant[] = [];
  const caller = { owner: tenantId, whileWaiting, signal };
  const { variants, placeholder } = await media.createVariants(original, caller);
  for (const { bytes, ...variant } of variants) {
    const { contentType } = variant;
    await storage.upload(storageKey(tenantId, id, variant.name), bytes, { contentType });
    const extra = variant.name === 'thumbnail' ? { placeholder } : {};
    stored.push({ ...variant, sizeBytes: bytes.byteLength, ...extra });
  }
  return stored;
}
