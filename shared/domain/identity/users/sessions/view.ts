import { type Id, idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { deviceName } from './device-name.ts';
import type { sessions } from './tables.ts';

export const tokenPairView = z
  .object({
    accessToken: z.string(),
    refreshToken: z.string(),
    expiresIn: z.int().describe('Seconds until the access token expires'),
  })
  .meta({ id: 'TokenPair' });

export const sessionView = z
  .object({
    id: idSchema('ses'),
    organizationId: idSchema('org'),
    current: z.boolean(),
    device: z.string().describe('Such as `Firefox on Linux`'),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    createdAt: z.iso.datetime(),
    refreshedAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().describe('Accurate to the lifetime of an access token'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'Session' });

/** A session as its user sees it. */
export const toSession = (row: typeof sessions.$inferSelect, currentId: Id<'ses'> | undefined) => ({
  id: row.id,
  organizationId: row.tenantId,
  current: row.id === currentId,
  device: deviceName(row.userAgent),
  ip: row.ip,
  userAgent: row.userAgent,
  createdAt: row.createdAt.toISOString(),
  refreshedAt: row.refreshedAt.toISOString(),
  lastSeenAt: row.refreshedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});
