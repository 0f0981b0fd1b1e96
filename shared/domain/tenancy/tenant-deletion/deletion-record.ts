import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { lockUntilCommit } from '@insightdesk/shared/database';
import { auditChains, canonicalJson, GENESIS } from '@insightdesk/shared/domain/tenancy/audit';
import { eq, sql } from 'drizzle-orm';
import { tenantDeletions } from './tables.ts';

type Db = Pick<Context, 'database'>;

/**
 * Creates the organization's row in `tenant_deletions`, or returns the one that exists. The database
 * refuses an organization that is not disabled and due (`app.start_deletion`); the system's own login
 * cannot create the row.
 */
export async function createDeletion(
  { database }: Db,
  organizationId: Id<'org'>,
  requestedBy: string,
) {
  await database.write({ tenantId: organizationId }, async (tx) => {
    const [head] = await tx
      .select()
      .from(auditChains)
      .where(eq(auditChains.tenantId, organizationId));
    const { sequence = 0, hash = GENESIS } = head ?? {};
    await tx.execute(sql`select app.start_deletion(${requestedBy}, ${sequence}::bigint, ${hash})`);
  });
  const [row] = await database.write('system', (tx) =>
    tx.select().from(tenantDeletions).where(eq(tenantDeletions.organizationId, organizationId)),
  );
  return row;
}

/** Stores the progress. */
export async function updateDeletionCounts(
  { database }: Db,
  organizationId: Id<'org'>,
  counts: Record<string, number>,
): Promise<void> {
  await database.write('system', (tx) =>
    tx
      .update(tenantDeletions)
      .set({ counts })
      .where(eq(tenantDeletions.organizationId, organizationId)),
  );
}

/** Completes the row; its hash covers the hash of the row completed before it. */
export async function completeDeletion(
  { database }: Db,
  organizationId: Id<'org'>,
  counts: Record<string, number>,
): Promise<void> {
  await database.write('system', async (tx) => {
    await lockUntilCommit(tx, 'tenant deletions');
    const [last] = await tx.execute<{ hash: string }>(sql`
      select hash from tenant_deletions where finished_at is not null
      order by finished_at desc, organization_id desc limit 1`);
    const [row] = await tx
      .select()
      .from(tenantDeletions)
      .where(eq(tenantDeletions.organizationId, organizationId));
    if (!row || row.finishedAt) return;
    const finishedAt = new Date();
    const previousHash = last?.hash ?? GENESIS;
    const hash = hashOf(previousHash, { ...row, finishedAt, counts });
    await tx
      .update(tenantDeletions)
      .set({ finishedAt, counts, previousHash, hash })
      .where(eq(tenantDeletions.organizationId, organizationId));
  });
}

type Deletion = typeof tenantDeletions.$inferSelect;

function hashOf(previousHash: string, deletion: Deletion): string {
  const { previousHash: _, hash: __, startedAt, finishedAt, ...rest } = deletion;
  const times = { startedAt: startedAt.toISOString(), finishedAt: finishedAt?.toISOString() };
  const text = `${previousHash}\n${canonicalJson({ ...rest, ...times })}`;
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}
