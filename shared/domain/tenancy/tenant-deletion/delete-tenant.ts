import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { sql } from 'drizzle-orm';
import { deleteRows } from './delete-rows.ts';
import { deleteUsers, recordUsers } from './delete-users.ts';
import { completeDeletion, createDeletion, updateDeletionCounts } from './deletion-record.ts';

interface DeletionRequest {
  tenantId: Id<'org'>;
  /** The owner who asked for it, `unverified`, or `desk`: an operator needs no grace period. */
  requestedBy: Id<'usr'> | 'unverified' | 'desk' | 'unknown';
  signal: AbortSignal;
}

const RELAY_TIMEOUT_MS = 15_000;
const POLL_MS = 100;

/**
 * Deletes an organization: disables it, deletes its data in the database, in storage and in Valkey,
 * and the users who belong to no other organization. Continues where it was killed when called again.
 * Returns how much was deleted by kind; what remains is a row in `tenant_deletions`.
 */
export async function deleteTenant(
  ctx: Context,
  request: DeletionRequest,
): Promise<Record<string, number>> {
  const { tenantId, requestedBy, signal } = request;
  const system = systemContext(ctx, 'tenant-deletion', { tenantId, requestId: ctx.requestId });
  await disableOrganization(system).catch((error) => {
    if (!(error instanceof DomainNotFoundError)) throw error;
  });
  if (requestedBy === 'desk') await endGracePeriod(system);
  await waitForRelay(ctx, request);
  const deletion = await createDeletion(ctx, tenantId, requestedBy);
  if (!deletion) throw new DomainNotFoundError('Organization not found');
  const { counts } = deletion;
  if (deletion.finishedAt) return counts;
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  await recordUsers(ctx, tenantId, signal);
  // Twice: work in progress during the first pass may write once more, but not after it.
  for (let pass = 0; pass < 2; pass++) {
    const purged = await ctx.purgeTenantKeys(tenantId);
    for (const [owner, count] of Object.entries(purged)) add(`valkey ${owner}`, count);
    add('files', await deleteFiles(ctx, tenantId, signal));
    await deleteRows(ctx, tenantId, signal, add);
    await updateDeletionCounts(ctx, tenantId, counts);
  }
  add('users', await deleteUsers(ctx, tenantId, signal));
  await completeDeletion(ctx, tenantId, counts);
  ctx.log.info({ organization: tenantId, counts }, 'tenant deletion: organization deleted');
  return counts;
}

const endGracePeriod = (system: Context & { tenantId: Id<'org'> }) =>
  withTenant(system, ({ tx, tenantId }) =>
    tx.execute(sql`update organizations set delete_at = least(delete_at, now())
      where id = ${toUuid(tenantId)}::uuid`),
  );

/** Connected clients must learn that the organization is disabled before its data goes. */
async function waitForRelay(
  { database }: Context,
  { tenantId, signal }: DeletionRequest,
): Promise<void> {
  const end = Date.now() + RELAY_TIMEOUT_MS;
  while (Date.now() < end) {
    const waiting = await database.read({ tenantId }, (tx) =>
      tx.execute(sql`select 1 from outbox
        where tenant_id = ${toUuid(tenantId)} and relayed_at is null limit 1`),
    );
    if (waiting.length === 0) return;
    await sleep(POLL_MS, signal);
  }
}

async function deleteFiles(
  { files: { storage } }: Context,
  tenantId: Id<'org'>,
  signal: AbortSignal,
) {
  let count = 0;
  for await (const { key } of storage.list(`${tenantId}/`)) {
    signal.throwIfAborted();
    await storage.delete(key);
    count++;
  }
  return count;
}
