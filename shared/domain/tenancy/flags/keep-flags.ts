import type { TenantContext } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { and, eq, sql } from 'drizzle-orm';
import { catalogue, type FlagName, type FlagValues, withDefaults } from './catalogue.ts';
import { flagChanged } from './events.ts';
import { flags } from './tables.ts';

/** New values by name; null goes back to the default. */
export type WantedFlags = Partial<Record<FlagName, unknown>>;

/** Changes flags in the open transaction; the values are checked already. Gives all of them. */
export async function keepFlags(ctx: TenantContext, wanted: WantedFlags): Promise<FlagValues> {
  const { tx, tenantId } = ctx;
  // Two that change them at once wait for each other: what was before is told as it was.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`flags ${tenantId}`}, 0))`);
  const rows = await tx.select().from(flags).where(eq(flags.tenantId, tenantId));
  const before = withDefaults(rows);
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(wanted) as [FlagName, unknown][]) {
    if (value === undefined) continue;
    if (value === null) {
      await tx.delete(flags).where(and(eq(flags.tenantId, tenantId), eq(flags.name, name)));
    } else {
      await tx
        .insert(flags)
        .values({ tenantId, name, value })
        .onConflictDoUpdate({ target: [flags.tenantId, flags.name], set: { value } });
    }
    after[name] = value ?? catalogue[name].default;
    if (after[name] === before[name]) continue;
    await record(ctx, flagChanged, { name, value: after[name], previous: before[name] });
  }
  return after as FlagValues;
}
