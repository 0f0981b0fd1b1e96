import { defineAction } from '@insightdesk/shared/context';
import { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import { desc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { passkeyView, toPasskey } from './view.ts';

export const listPasskeys = defineAction({
  summary: "List the caller's passkeys",
  input: z.strictObject({}),
  output: z.object({ items: z.array(passkeyView), nextCursor: z.null() }),
  allow: 'account:read',
  transaction: 'read',
  async run({ tx, actor }) {
    const rows = await tx
      .select()
      .from(passkeys)
      .where(eq(passkeys.userId, actor.userId))
      .orderBy(desc(passkeys.id))
      .limit(100)
      .execute();
    return { items: rows.map(toPasskey), nextCursor: null };
  },
});
