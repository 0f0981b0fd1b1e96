import { type Id, idSchema, type Role, roles } from '@insightdesk/shared/contract';
import { organizationView } from '@insightdesk/shared/domain/tenants';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';
import type { sessions } from './tables.ts';

export const userView = z.object({ id: idSchema('usr'), email: z.string(), name: z.string() });

export const memberView = z.object({
  ...userView.shape,
  role: z.enum(roles),
  roleId: idSchema('rol').nullable().describe('A custom role, which lacks some of what `role` has'),
  joinedAt: z.iso.datetime(),
});

export const tokenPairView = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  expiresIn: z.int().describe('Seconds until the access token expires'),
});

export const signedInView = z.object({
  user: userView,
  organization: organizationView,
  ...tokenPairView.shape,
});

export const sessionView = z.object({
  id: idSchema('ses'),
  organizationId: idSchema('org'),
  current: z.boolean(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.iso.datetime(),
  refreshedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

interface UserRow {
  id: Id<'usr'>;
  email: string;
  name: string;
}

/** What members see of a person. */
export const toUser = ({ id, email, name }: UserRow) => ({ id, email, name });

/** A person in its role. */
export const toMember = (
  row: UserRow & { role: Role; roleId: Id<'rol'> | null; createdAt: Date },
) => ({
  ...toUser(row),
  role: row.role,
  roleId: row.roleId,
  joinedAt: row.createdAt.toISOString(),
});

/** What a person sees of one of its own sessions. */
export const toSession = (row: InferSelectModel<typeof sessions>, currentId: Id<'ses'>) => ({
  id: row.id,
  organizationId: row.tenantId,
  current: row.id === currentId,
  ip: row.ip,
  userAgent: row.userAgent,
  createdAt: row.createdAt.toISOString(),
  refreshedAt: row.refreshedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});
