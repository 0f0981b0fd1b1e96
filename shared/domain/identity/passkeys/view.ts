import { idSchema } from '@insightdesk/shared/contract';
import type { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import { z } from 'zod';

export const passkeyView = z
  .object({
    id: idSchema('pky'),
    name: z.string(),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Passkey' });

export type PasskeyRow = typeof passkeys.$inferSelect;

/** A passkey as its user sees it. */
export const toPasskey = (row: PasskeyRow) => ({
  id: row.id,
  name: row.name,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});
