import { instant, typeId } from '@insightdesk/shared/database';
import { index, integer, pgSchema, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { users } from '../tables.ts';

/** What only `ctx.identityDatabase` reaches; the role of every other query may not even look in. */
const identity = pgSchema('identity');

export const credentials = identity.table('credentials', {
  userId: typeId('user_id', 'usr')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  passwordHash: text('password_hash').notNull(),
  changedAt: instant('changed_at').notNull().defaultNow(),
});

/** What becomes a person's password once the transaction that has its ticket commits. */
export const stagedPasswords = identity.table('staged_passwords', {
  userId: typeId('user_id', 'usr')
    .primaryKey()
    .references(() => users.id, { onDelete: 'cascade' }),
  ticket: uuid('ticket').notNull(),
  passwordHash: text('password_hash').notNull(),
  stagedAt: instant('staged_at').notNull().defaultNow(),
});

/** Failures since the last success, of an account from one address and, under '', from all. */
export const signInAttempts = identity.table(
  'sign_in_attempts',
  {
    /** A digest of the e-mail address that was typed, whether somebody has it or not. */
    account: text('account').notNull(),
    address: text('ip_prefix').notNull(),
    failures: integer('failures').notNull(),
    lastAt: instant('last_at').notNull().defaultNow(),
    blockedUntil: instant('blocked_until'),
    succeededAt: instant('succeeded_at'),
  },
  (t) => [
    primaryKey({ columns: [t.account, t.address] }),
    index('sign_in_attempts_last').on(t.lastAt),
  ],
);
