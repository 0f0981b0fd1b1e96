import { defineAction } from '@insightdesk/shared/context';
import { desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { identityProviders } from './tables.ts';
import { providerView, toProvider } from './view.ts';

export const listIdentityProviders = defineAction({
  summary: 'List identity providers',
  input: z.strictObject({}),
  output: z.object({ items: z.array(providerView), nextCursor: z.null() }),
  allow: 'providers:manage',
  transaction: 'read',
  async run({ tx, tenantId }) {
    const rows = await tx
      .select()
      .from(identityProviders)
      .where(eq(identityProviders.tenantId, tenantId))
      .orderBy(desc(identityProviders.id))
      .limit(100)
      .execute();
    return { items: rows.map(toProvider), nextCursor: null };
  },
});
