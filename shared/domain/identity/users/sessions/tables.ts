import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { and, gt, isNull, sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { members } from '../tables.ts';

export const sessions = pgTable(
  'sessions',
  {
    tenantId: tenantId(),
    id: typeId('id', 'ses').notNull(),
    userId: typeId('user_id', 'usr').notNull(),
    /** The number of refreshes; only the refresh token of the current generation is valid. */
    generation: integer('generation').notNull().default(0),
    refreshedAt: instant('refreshed_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
    /** The verified second factor; null without one, or when that factor was deleted since. */
    factorId: uuid('factor_id'),
    /** The identity provider that authenticated the user, if one did. */
    providerId: typeId('provider_id', 'idp'),
    /** Created by a method of customer sign-in: limited to the organization, like that of a provider. */
    isContact: boolean('is_contact').notNull().default(false),
    ip: text('ip'),
    userAgent: text('user_agent'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('sessions_user').on(t.userId),
    index('sessions_live').on(t.tenantId, t.userId, t.createdAt).where(sql`revoked_at is null`),
    foreignKey({
      columns: [t.tenantId, t.userId],
      foreignColumns: [members.tenantId, members.userId],
    }),
  ],
);

/** Sessions that are neither revoked nor expired. */
export const isLiveSession = and(isNull(sessions.revokedAt), gt(sessions.expiresAt, sql`now()`));
