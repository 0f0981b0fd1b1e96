import { instant, typeId } from '@insightdesk/shared/database';
import { index, integer, pgSchema, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { users } from '../tables.ts';

/** The schema that only `ctx.identityDatabase` can access. */
const identity = pgSchema('identity');

export const credentials = identity.table('credentials', {
  userId: typeId('user_id', 'usr')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  passwordHash: text('password_hash').notNull(),
  changedAt: instant('changed_at').notNull().defaultNow(),
});

/** A new password hash; it takes effect when the transaction with its ticket commits. */
export const stagedPasswords = identity.table('staged_passwords', {
  userId: typeId('user_id', 'usr')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  ticket: uuid('ticket').notNull(),
  passwordHash: text('password_hash').notNull(),
  stagedAt: instant('staged_at').notNull().defaultNow(),
});

/** A verified address; it takes effect when the transaction with its ticket commits. */
export const stagedEmails = identity.table('staged_emails', {
  /** No foreign key: it may be staged for a user that the transaction creates. */
  userId: typeId('user_id', 'usr').primaryKey(),
  ticket: uuid('ticket').notNull(),
  email: text('email').notNull(),
  stagedAt: instant('staged_at').notNull().defaultNow(),
});

/** Failed logins since the last success, per account and IP prefix; the prefix '' counts all. */
export const signInAttempts = identity.table(
  'sign_in_attempts',
  {
    /** A digest of the email address, also of one without an account. */
    account: text('account').notNull(),
    ipPrefix: text('ip_prefix').notNull(),
    failures: integer('failures').notNull(),
    lastAt: instant('last_at').notNull().defaultNow(),
    blockedUntil: instant('blocked_until'),
    succeededAt: instant('succeeded_at'),
  },
  (t) => [
    primaryKey({ columns: [t.account, t.ipPrefix] }),
    index('sign_in_attempts_last').on(t.lastAt),
  ],
);
