import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createMeter } from '@insightdesk/shared/streams';
import { and, eq, isNull } from 'drizzle-orm';
import { archiveOf } from './archive.ts';
import { organizationExported } from './events.ts';
import { partKey } from './export-folder.ts';
import { exportsOfAll } from './tables.ts';

const PART_BYTES = 8 * 2 ** 20;

/** Writes an archive in parts, which any storage takes; a repetition writes them anew. */
export async function writeArchive(
  ctx: Context & { tenantId: Id<'org'> },
  { exportId }: { exportId: Id<'exp'> },
  { signal }: Pick<JobRun, 'signal'>,
): Promise<void> {
  const { storage, tenantId } = ctx;
  const meter = createMeter();
  const bytes = meter.through(archiveOf(ctx, tenantId));
  const partBytes = Math.min(PART_BYTES, ctx.settings.maxFileBytes);
  let parts = 0;
  for await (const part of inParts(bytes, partBytes)) {
    const key = partKey(tenantId, exportId, parts++);
    await storage.upload(key, part, { contentType: 'application/octet-stream', signal });
  }
  const { sizeBytes, sha256 } = meter.result();
  await withTenant(ctx, async (tenant) => {
    const mine = and(
      eq(exportsOfAll.tenantId, tenantId),
      eq(exportsOfAll.id, exportId),
      isNull(exportsOfAll.readyAt),
    );
    const done = { parts, sizeBytes, sha256, readyAt: new Date() };
    const [row] = await tenant.tx.update(exportsOfAll).set(done).where(mine).returning();
    if (!row) return;
    const expiresAt = row.expiresAt.toISOString();
    await record(tenant, organizationExported, { exportId, sizeBytes, expiresAt });
  });
}

/** The same bytes in pieces of one size; one piece is in memory. */
async function* inParts(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let piece = Buffer.alloc(size);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, size - filled);
      piece.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < size) continue;
      yield piece;
      piece = Buffer.alloc(size);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}
