import { defineAction } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { withDefaults } from './flag-catalog.ts';
import { flags } from './tables.ts';
import { flagsView, toFlags } from './view.ts';

export const listFlags = defineAction({
  summary: 'List feature flags',
  input: z.strictObject({}),
  output: flagsView,
  allow: 'flags:read',
  transaction: 'read',
  async run({ tx, tenantId }) {
    const rows = await tx.select().from(flags).where(eq(flags.tenantId, tenantId)).execute();
    return toFlags(withDefaults(rows));
  },
});
