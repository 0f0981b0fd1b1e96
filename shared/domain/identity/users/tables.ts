import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { customRoles } from '@insightdesk/shared/domain/identity/roles';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import {
  check,
  foreignKey,
  index,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

/** Users are global: a user can be a member of several organizations. */
export const users = pgTable(
  'users',
  {
    id: typeId('id', 'usr').primaryKey(),
    /** Unique among verified addresses only. A trigger sets both from the staged address of a ticket. */
    email: text('email').notNull(),
    emailVerifiedAt: instant('email_verified_at'),
    /** Always null: a trigger makes the staged address of this ticket the verified one. */
    emailTicket: uuid('email_ticket'),
    name: text('name').notNull(),
    /** Always null: a trigger moves the hash of an INSERT to `identity.credentials`. */
    passwordHash: text('password_hash'),
    /** Always null: a trigger makes the staged password of this ticket the current one. */
    passwordTicket: uuid('password_ticket'),
    passwordChangedAt: instant('password_changed_at'),
    /** When an unverified account was last found to be in use. */
    lastCheckedAt: instant('last_checked_at'),
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
    check('users_email_ticket', sql`email_ticket IS NULL`),
  ],
);

export const members = pgTable(
  'members',
  {
    tenantId: tenantId().references(() => organizations.id),
    userId: typeId('user_id', 'usr')
      .notNull()
      .references(() => users.id),
    role: text('role', { enum: ['owner', 'admin', 'agent', 'customer'] }).notNull(),
    /** A custom role, which restricts `role`. */
    roleId: typeId('role_id', 'rol'),
    /** Removed members remain as authors of their messages; those of API keys are created removed. */
    removedAt: instant('removed_at'),
    /** The name in this organization: a trigger copies that of the user, and each change of it. */
    name: text('name').notNull().default(''),
    avatarUrl: text('avatar_url'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId] }),
    // Each read of a user looks up its membership in the tenant.
    index('members_user').on(t.userId, t.tenantId),
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
