import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { awayCode, DomainError, InfrastructureError } from '@insightdesk/shared/errors';
import { and, eq, ne, sql } from 'drizzle-orm';
import { deleteAttachmentFiles } from '../cleanup/delete-stored-files.ts';
import { emitProcessed } from '../emit-processed.ts';
import { storageKey } from '../storage-key.ts';
import { attachments, type StoredVariant } from '../tables.ts';
import type { AttachmentRow } from '../view.ts';
import { deleteUploadParts } from './assemble-upload.ts';
import { needsProcessing } from './check-content.ts';
import { inspectAttachment } from './inspect-attachment.ts';

/** Deaths of the process that decodes; and begun runs, whatever ended them. */
const MOST_DEATHS = 3;
const MOST_RUNS = 10;

/**
 * Lets a file out of quarantine once it was looked into, and makes the derived files of an image;
 * running it again changes nothing. What cannot be processed is rejected with a reason, also when it
 * takes its processes with it each time.
 */
export async function processAttachment(
  ctx: Context,
  { attachmentId }: { attachmentId: Id<'att'> },
  { signal }: { signal?: AbortSignal } = {},
) {
  const row = await withTenant(ctx, (tenant) => begin(tenant, attachmentId));
  if (!row) return;
  const outcome =
    row.attempts > MOST_RUNS ? rejected('PROCESSING_FAILED') : await outcomeOf(ctx, row, signal);
  const result = { ...outcome, quarantined: false };
  const changed = await withTenant(ctx, async (tenant) => {
    const [changed] = await tenant.tx
      .update(attachments)
      .set(result)
      .where(pending(tenant, attachmentId))
      .returning();
    if (changed) await emitProcessed(tenant, changed);
    return changed;
  });
  if (!changed) await discardVariants(ctx, attachmentId);
  else if (row.quarantined) await deleteUploadParts(ctx, row);
}

/** It was collected or rejected in the meantime, and its files with it. */
async function discardVariants(ctx: Context, id: Id<'att'>) {
  const tenantId = ctx.tenantId as Id<'org'>;
  const isKept = await withTenant(ctx, ({ tx }) =>
    tx
      .select({ id: attachments.id })
      .from(attachments)
      .where(
        and(
          eq(attachments.tenantId, tenantId),
          eq(attachments.id, id),
          ne(attachments.status, 'rejected'),
        ),
      ),
  );
  if (isKept.length === 0) await deleteAttachmentFiles(ctx, { tenantId, id });
}

const rejected = (rejection: string) => ({ status: 'rejected' as const, variants: [], rejection });

const pending = ({ tenantId }: TenantContext, id: Id<'att'>) =>
  and(
    eq(attachments.tenantId, tenantId),
    eq(attachments.id, id),
    eq(attachments.status, 'pending'),
  );

/** Counted before it is tried: whoever dies of it cannot count any more. */
async function begin(ctx: TenantContext, id: Id<'att'>) {
  const [row] = await ctx.tx
    .update(attachments)
    .set({ attempts: sql`${attachments.attempts} + 1` })
    .where(pending(ctx, id))
    .returning();
  return row;
}

/** It was not tried after all: what that needs is away. */
const putOff = (ctx: TenantContext, id: Id<'att'>) =>
  ctx.tx
    .update(attachments)
    .set({ attempts: sql`${attachments.attempts} - 1` })
    .where(pending(ctx, id));

async function outcomeOf(ctx: Context, row: AttachmentRow, signal?: AbortSignal) {
  try {
    const { contentType } = await inspectAttachment(ctx, row, signal);
    const variants = needsProcessing(contentType) ? await storeVariants(ctx, row) : [];
    return { status: 'ready' as const, contentType, variants };
  } catch (error) {
    if (error instanceof DomainError) return rejected(error.code);
    if (isDeath(error) && row.attempts >= MOST_DEATHS) {
      return rejected('PROCESSING_FAILED');
    }
    if (awayCode(error)) await withTenant(ctx, (tenant) => putOff(tenant, row.id));
    throw error;
  }
}

const isDeath = (error: unknown) =>
  error instanceof InfrastructureError && error.code === 'MEDIA_PROCESS_DIED';

async function storeVariants({ files: { storage, media } }: Context, row: AttachmentRow) {
  const original = await new Response(
    await storage.download(storageKey(row.tenantId, row.id)),
  ).bytes();
  const stored: StoredVariant[] = [];
  const { variants, placeholder } = await media.createVariants(original, { owner: row.tenantId });
  for (const { bytes, ...variant } of variants) {
    const { contentType } = variant;
    await storage.upload(storageKey(row.tenantId, row.id, variant.name), bytes, { contentType });
    const early = variant.name === 'thumbnail' ? { placeholder } : {};
    stored.push({ ...variant, sizeBytes: bytes.byteLength, ...early });
  }
  return stored;
}
