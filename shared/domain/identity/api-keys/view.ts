import { idSchema, keyPermissions, permissionNames } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { apiKeys } from './tables.ts';

export const apiKeyView = z
  .object({
    id: idSchema('key'),
    name: z.string(),
    permissions: z.array(z.enum(permissionNames)),
    userId: idSchema('usr').describe('The user that the key writes as'),
    createdBy: z.object({ id: idSchema('usr'), name: z.string(), isMember: z.boolean() }),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('Accurate to a minute'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ApiKey' });

export const secretView = z.object({
  secret: z.string().describe('The API key for `Authorization: Bearer`; only in this response'),
});

type ApiKeyRow = typeof apiKeys.$inferSelect;
interface Creator {
  creatorName: string;
  isCreatorMember: boolean;
}

/** An API key without its secret. */
export const toApiKey = (row: ApiKeyRow & Creator) => ({
  id: row.id,
  name: row.name,
  permissions: keyPermissions.filter((known) => row.permissions.includes(known)),
  userId: row.userId,
  createdBy: { id: row.createdBy, name: row.creatorName, isMember: row.isCreatorMember },
  expiresAt: row.expiresAt.toISOString(),
  revokedAt: row.revokedAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});
