import { idSchema } from '@insightdesk/shared/contract';
import type { passkeys } from '@insightdesk/shared/domain/identity/mfa';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';

export const passkeyView = z.object({
  id: idSchema('pky'),
  name: z.string(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});

export type PasskeyRow = InferSelectModel<typeof passkeys>;

/** A passkey as its user sees it. */
export const toPasskey = (row: PasskeyRow) => ({
  id: row.id,
  name: row.name,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});
