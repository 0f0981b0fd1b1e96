import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { sql } from 'drizzle-orm';
import { type Counts, erasePeople, eraseRows, gatherPeople } from './erase-rows.ts';
import { beginErasure, finishErasure, saveCounts } from './ledger.ts';

export interface Wanted {
  tenantId: Id<'org'>;
  /** A person's id, or what part of the system asks. */
  requestedBy: string;
  signal: AbortSignal;
}

const TOLD_MS = 15_000;
const LOOK_MS = 100;

/**
 * Erases an organisation: its people are shut out, then all goes that it has in the database, in
 * storage and in Valkey, and whoever belonged to no other. Killed, it goes on where it was when it is
 * called again. What is left is a line in the operator's ledger.
 */
export async function eraseEverything(ctx: Context, wanted: Wanted): Promise<Counts> {
  const { tenantId, requestedBy, signal } = wanted;
  const system = systemContext(ctx, 'erasure', { tenantId, requestId: ctx.requestId });
  await disableOrganization(system).catch((error) => {
    if (!(error instanceof DomainNotFoundError)) throw error;
  });
  await untilTold(ctx, wanted);
  const erasure = await beginErasure(ctx, tenantId, requestedBy);
  if (!erasure) throw new DomainNotFoundError('There is no such organisation');
  const { counts } = erasure;
  if (erasure.finishedAt) return counts;
  const add = (name: string, count: number) => {
    counts[name] = (counts[name] ?? 0) + count;
  };
  await gatherPeople(ctx, tenantId, signal);
  // Twice: what was under way while the first pass went on has nowhere to come from any more.
  for (let pass = 0; pass < 2; pass++) {
    const { keys, jobs } = await ctx.traces.erase(tenantId);
    add('valkey keys', keys);
    add('jobs', jobs);
    add('files', await eraseFiles(ctx, tenantId, signal));
    await eraseRows(ctx, tenantId, signal, add);
    await saveCounts(ctx, tenantId, counts);
  }
  add('people', await erasePeople(ctx, tenantId, signal));
  await finishErasure(ctx, tenantId, counts);
  ctx.log.info({ organization: tenantId, counts }, 'erasure: an organisation is erased');
  return counts;
}

/** Whoever is connected has to hear first that nobody may come in any more. */
async function untilTold({ database }: Context, { tenantId, signal }: Wanted): Promise<void> {
  const end = Date.now() + TOLD_MS;
  while (Date.now() < end) {
    const waiting = await database.read({ tenantId }, (tx) =>
      tx.execute(sql`select 1 from outbox
        where tenant_id = ${toUuid(tenantId)} and relayed_at is null limit 1`),
    );
    if (waiting.length === 0) return;
    await sleep(LOOK_MS, signal);
  }
}

async function eraseFiles({ storage }: Context, tenantId: Id<'org'>, signal: AbortSignal) {
  let files = 0;
  for await (const { key } of storage.list(`${tenantId}/`)) {
    signal.throwIfAborted();
    await storage.delete(key);
    files++;
  }
  return files;
}
