import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createByteMeter } from '@insightdesk/shared/streams';
import { and, isNull } from 'drizzle-orm';
import { createArchive, exportPrefix, partKey } from './create-archive.ts';
import { organizationExported } from './events.ts';
import { tenantExports } from './tables.ts';

const MAX_PART_BYTES = 8 * 2 ** 20;

/** Writes an archive to storage in parts; a repeated run overwrites them. */
export async function writeArchive(
  ctx: Context & { tenantId: Id<'org'> },
  { exportId }: { exportId: Id<'exp'> },
  { signal }: Pick<JobRun, 'signal'>,
): Promise<void> {
  const { tenantId, files } = ctx;
  const { storage } = files;
  const meter = createByteMeter();
  const bytes = meter.through(createArchive(ctx, tenantId));
  const partBytes = Math.min(MAX_PART_BYTES, ctx.limits.maxFileBytes);
  let parts = 0;
  for await (const part of splitBytes(bytes, partBytes)) {
    const key = partKey(tenantId, exportId, parts++);
    await storage.upload(key, part, { contentType: 'application/octet-stream', signal });
  }
  const { sizeBytes, sha256 } = meter.result();
  await withTenant(ctx, async (tenant) => {
    const isPending = and(
      matches(tenantExports, { tenantId, id: exportId }),
      isNull(tenantExports.readyAt),
    );
    const ready = { parts, sizeBytes, sha256, readyAt: new Date() };
    const [row] = await tenant.tx.update(tenantExports).set(ready).where(isPending).returning();
    if (!row) return;
    const expiresAt = row.expiresAt.toISOString();
    await record(tenant, organizationExported, { exportId, sizeBytes, expiresAt });
  });
}

/** The same bytes in parts of one size; one part is in memory. */
async function* splitBytes(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let part = Buffer.alloc(size);
  let filled = 0;
  for await (const chunk of bytes) {
    for (let offset = 0; offset < chunk.length; ) {
      const length = Math.min(chunk.length - offset, size - filled);
      part.set(chunk.subarray(offset, offset + length), filled);
      filled += length;
      offset += length;
      if (filled < size) continue;
      yield part;
      part = Buffer.alloc(size);
      filled = 0;
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

export async function deleteArchive(
  ctx: Context & { tenantId: Id<'org'> },
  { exportId }: { exportId: Id<'exp'> },
): Promise<void> {
  const { tenantId, files } = ctx;
  const { storage } = files;
  for await (const { key } of storage.list(`${exportPrefix(tenantId)}${exportId}/`)) {
    await storage.delete(key);
  }
  await withTenant(ctx, ({ tx }) =>
    tx.delete(tenantExports).where(matches(tenantExports, { tenantId, id: exportId })),
  );
}
