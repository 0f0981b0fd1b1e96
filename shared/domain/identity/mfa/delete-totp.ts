import type { Id } from '@insightdesk/shared/contract';
import type { Tx } from '@insightdesk/shared/database';
import { eq } from 'drizzle-orm';
import { secondFactors } from './tables.ts';

export const deleteTotp = (tx: Tx, userId: Id<'usr'>) =>
  tx
    .update(secondFactors)
    .set({ totpId: null, totpSecret: null, pendingSecret: null })
    .where(eq(secondFactors.userId, userId));
