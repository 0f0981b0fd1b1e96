import {
  type Context,
  defineAction,
  type TenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import { lockUntilCommit, matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { flagUpdated } from './events.ts';
import {
  type FlagName,
  type FlagValues,
  flagCatalog,
  flagNames,
  flagsView,
  toFlags,
  withDefaults,
} from './flag-catalog.ts';
import { flags } from './tables.ts';

/** New values by name; null resets a flag to its default. */
type FlagChanges = Partial<Record<FlagName, unknown>>;

const fields = flagNames.map((name) => {
  const { schema, description } = flagCatalog[name];
  return [name, schema.nullable().optional().describe(`${description}; null: the default`)];
});

export const updateFlags = defineAction({
  summary: 'Update feature flags',
  input: z.strictObject(Object.fromEntries(fields)),
  output: flagsView,
  allow: 'flags:manage',
  transaction: 'write',
  async run(ctx, changes) {
    return toFlags(await write(ctx, changes as FlagChanges));
  },
});

/** Updates flags of the context's organization without a permission check; the values are valid. */
export const writeFlags = (ctx: Context, changes: FlagChanges): Promise<FlagValues> =>
  withTenant(ctx, (tenant) => write(tenant, changes));

async function write(ctx: TenantContext, changes: FlagChanges): Promise<FlagValues> {
  const { tx, tenantId } = ctx;
  // Concurrent updates wait for each other, so that `previous` is exact.
  await lockUntilCommit(tx, `flags ${tenantId}`);
  const rows = await tx.select().from(flags).where(eq(flags.tenantId, tenantId));
  const before = withDefaults(rows);
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(changes) as [FlagName, unknown][]) {
    if (value === undefined) continue;
    if (value === null) {
      await tx.delete(flags).where(matches(flags, { tenantId, name }));
    } else {
      await tx
        .insert(flags)
        .values({ tenantId, name, value })
        .onConflictDoUpdate({ target: [flags.tenantId, flags.name], set: { value } });
    }
    after[name] = value ?? flagCatalog[name].default;
    if (after[name] === before[name]) continue;
    await record(ctx, flagUpdated, { name, value: after[name], previous: before[name] });
  }
  return after as FlagValues;
}
