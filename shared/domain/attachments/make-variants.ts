import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { DomainError } from '@insightdesk/shared/errors';
import { and, eq } from 'drizzle-orm';
import { announce } from './announce.ts';
import { storageKey } from './storage-key.ts';
import { attachments, type StoredVariant } from './tables.ts';
import type { AttachmentRow } from './view.ts';

/** Makes the derived files of an image; running it again changes nothing. */
export async function makeVariants(ctx: Context, { attachmentId }: { attachmentId: Id<'att'> }) {
  const row = await withTenant(ctx, (tenant) => findRow(tenant, attachmentId));
  if (row?.status !== 'pending') return;
  const result = await storeVariants(ctx, row).then(
    (variants) => ({ status: 'ready' as const, variants }),
    (error) => {
      if (error instanceof DomainError) return { status: 'rejected' as const, variants: [] };
      throw error;
    },
  );
  await withTenant(ctx, async (tenant) => {
    const [changed] = await tenant.tx
      .update(attachments)
      .set(result)
      .where(
        and(
          eq(attachments.tenantId, tenant.tenantId),
          eq(attachments.id, attachmentId),
          eq(attachments.status, 'pending'),
        ),
      )
      .returning();
    if (changed) await announce(tenant, changed);
  });
}

async function findRow({ tx, tenantId }: TenantContext, id: Id<'att'>) {
  const [row] = await tx
    .select()
    .from(attachments)
    .where(and(eq(attachments.tenantId, tenantId), eq(attachments.id, id)));
  return row;
}

async function storeVariants({ storage, media }: Context, row: AttachmentRow) {
  const original = await new Response(
    await storage.download(storageKey(row.tenantId, row.id)),
  ).bytes();
  const stored: StoredVariant[] = [];
  for (const { bytes, ...variant } of await media.createVariants(original)) {
    const { contentType } = variant;
    await storage.upload(storageKey(row.tenantId, row.id, variant.name), bytes, { contentType });
    stored.push({ ...variant, sizeBytes: bytes.byteLength });
  }
  return stored;
}
