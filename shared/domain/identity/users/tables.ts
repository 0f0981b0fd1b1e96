import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { customRoles } from '@insightdesk/shared/domain/identity/roles';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import {
  check,
  date,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

/** People are global: one person may belong to several organisations. */
export const users = pgTable(
  'users',
  {
    id: typeId('id', 'usr').primaryKey(),
    /** Its own only once verified; until then others may claim the same address. */
    email: text('email').notNull(),
    emailVerifiedAt: instant('email_verified_at'),
    name: text('name').notNull(),
    /** A letter box: the database takes what is dropped here at INSERT to `credentials`. */
    passwordHash: text('password_hash'),
    /** A letter box too: by it the hash that was staged becomes the password, in this transaction. */
    passwordTicket: uuid('password_ticket'),
    passwordChangedAt: instant('password_changed_at'),
    /** When an account without a proof was last found to be in use. */
    lookedAt: instant('last_checked_at'),
    createdAt: createdAt(),
  },
  (t) => [
    index('users_email').on(
      t.email,
      sql`(email_verified_at is null)`,
      t.createdAt.desc().nullsFirst(),
    ),
    uniqueIndex('users_verified_email').on(t.email).where(sql`email_verified_at is not null`),
    index('users_unverified')
      .on(sql`(coalesce(last_checked_at, created_at))`)
      .where(sql`email_verified_at is null`),
    check('users_password_ticket', sql`password_ticket IS NULL`),
  ],
);

/** What was mailed to a person to be followed once; the token is sealed, not stored. */
export const accountLinks = pgTable(
  'email_links',
  {
    id: typeId('id', 'lnk').primaryKey(),
    purpose: text('purpose', { enum: ['verify', 'change', 'reset'] }).notNull(),
    /** Nobody where only the address was given: whose it is shows when the link is followed. */
    userId: typeId('user_id', 'usr').references(() => users.id, { onDelete: 'cascade' }),
    email: text('email').notNull(),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    createdAt: createdAt(),
  },
  (t) => [
    index('email_links_user').on(t.userId),
    index('email_links_email').on(t.email),
    index('email_links_expires').on(t.expiresAt),
  ],
);

/** What may happen so often a day; written by `app.consume_daily_quota` alone. */
export const dailyCounts = pgTable(
  'daily_counts',
  {
    key: text('key').notNull(),
    day: date('day').notNull(),
    count: integer('count').notNull(),
  },
  (t) => [primaryKey({ columns: [t.key, t.day] }), index('daily_counts_day').on(t.day)],
);

export const members = pgTable(
  'members',
  {
    tenantId: tenantId().references(() => organizations.id),
    userId: typeId('user_id', 'usr')
      .notNull()
      .references(() => users.id),
    role: text('role', { enum: ['owner', 'admin', 'agent', 'customer'] }).notNull(),
    /** A custom role, which lacks some of what `role` has. */
    roleId: typeId('role_id', 'rol'),
    /**
     * A removed member keeps its name on what it wrote, and nothing else; so does the one that an
     * API key writes as, from the start.
     */
    removedAt: instant('removed_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId] }),
    index('members_user').on(t.userId),
    index('members_active').on(t.tenantId, t.userId).where(sql`removed_at is null`),
    index('members_role').on(t.tenantId, t.roleId).where(sql`role_id is not null`),
    foreignKey({
      columns: [t.tenantId, t.roleId],
      foreignColumns: [customRoles.tenantId, customRoles.id],
      name: 'members_role_fk',
    }),
    index('members_active_role').on(t.tenantId, t.role, t.userId).where(sql`removed_at is null`),
  ],
);

export const sessions = pgTable(
  'sessions',
  {
    tenantId: tenantId(),
    id: typeId('id', 'ses').notNull(),
    userId: typeId('user_id', 'usr').notNull(),
    /** Counts refreshes; only the token of the newest generation is good. */
    generation: integer('generation').notNull().default(0),
    refreshedAt: instant('refreshed_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
    /** The second factor that was proven, unless it has been given up since. */
    factorId: uuid('factor_id'),
    /** The organisation's provider that vouched for the person, in place of a password. */
    providerId: typeId('provider_id', 'idp'),
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

export const invitations = pgTable(
  'invitations',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'inv').notNull(),
    email: text('email').notNull(),
    role: text('role', { enum: ['owner', 'admin', 'agent', 'customer'] }).notNull(),
    invitedBy: typeId('invited_by', 'usr').notNull(),
    expiresAt: instant('expires_at').notNull(),
    acceptedAt: instant('accepted_at'),
    /** How often it was mailed. */
    sends: integer('send_count').notNull().default(1),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('invitations_email').on(t.tenantId, t.email),
  ],
);
