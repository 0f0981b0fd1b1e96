import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { auditChains, canonical, GENESIS } from '@insightdesk/shared/domain/tenancy/audit';
import { eq, sql } from 'drizzle-orm';
import { erasures } from './tables.ts';

type Keeps = Pick<Context, 'database'>;

/** Opens the organisation's line in the ledger, or the one that was opened before. */
export async function beginErasure(
  { database }: Keeps,
  organizationId: Id<'org'>,
  requestedBy: string,
) {
  const [head] = await database.read({ tenantId: organizationId }, (tx) =>
    tx.select().from(auditChains).where(eq(auditChains.tenantId, organizationId)).execute(),
  );
  const [known] = await database.read({ tenantId: organizationId }, (tx) =>
    tx.execute(sql`select 1 from organizations where id = ${toUuid(organizationId)}`),
  );
  return database.write('system', async (tx) => {
    if (known) {
      await tx
        .insert(erasures)
        .values({
          organizationId,
          requestedBy,
          auditSequence: head?.sequence ?? 0,
          auditHash: head?.hash ?? GENESIS,
        })
        .onConflictDoNothing();
    }
    const [row] = await tx
      .select()
      .from(erasures)
      .where(eq(erasures.organizationId, organizationId));
    return row;
  });
}

/** Remembers how far it has come. */
export async function saveCounts(
  { database }: Keeps,
  organizationId: Id<'org'>,
  counts: Record<string, number>,
): Promise<void> {
  await database.write('system', (tx) =>
    tx.update(erasures).set({ counts }).where(eq(erasures.organizationId, organizationId)),
  );
}

/** Closes the line: its hash follows on that of the one that was closed before. */
export async function finishErasure(
  { database }: Keeps,
  organizationId: Id<'org'>,
  counts: Record<string, number>,
): Promise<void> {
  await database.write('system', async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('erasures', 0))`);
    const [last] = await tx.execute<{ hash: string }>(sql`
      select hash from erasures where finished_at is not null
      order by finished_at desc, organization_id desc limit 1`);
    const [row] = await tx
      .select()
      .from(erasures)
      .where(eq(erasures.organizationId, organizationId));
    if (!row || row.finishedAt) return;
    const finishedAt = new Date();
    const previousHash = last?.hash ?? GENESIS;
    const hash = hashOf(previousHash, { ...row, finishedAt, counts });
    await tx
      .update(erasures)
      .set({ finishedAt, counts, previousHash, hash })
      .where(eq(erasures.organizationId, organizationId));
  });
}

type Line = typeof erasures.$inferSelect;

function hashOf(previousHash: string, line: Line): string {
  const { previousHash: _, hash: __, startedAt, finishedAt, ...rest } = line;
  const times = { startedAt: startedAt.toISOString(), finishedAt: finishedAt?.toISOString() };
  const text = `${previousHash}\n${canonical({ ...rest, ...times })}`;
  return new Bun.CryptoHasher('sha256').update(text).digest('hex');
}
