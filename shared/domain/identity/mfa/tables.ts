import { createdAt, instant, typeId } from '@insightdesk/shared/database';
import { bigint, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** How a person's codes are checked; a row from when the first factor was begun. */
export const secondFactors = pgTable('second_factors', {
  userId: typeId('user_id', 'usr').primaryKey(),
  totpId: typeId('totp_id', 'fac'),
  /** Encrypted; null until it was confirmed by a code. */
  totpSecret: text('totp_secret'),
  pendingSecret: text('pending_secret'),
  /** The newest 30 seconds whose code was used: no code is good twice. */
  lastStep: bigint('last_step', { mode: 'number' }).notNull().default(0),
  /** Wrong codes since the last right one. */
  failures: integer('failures').notNull().default(0),
  blockedUntil: instant('blocked_until'),
  createdAt: createdAt(),
});

export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    userId: typeId('user_id', 'usr').notNull(),
    hash: text('hash').notNull(),
    usedAt: instant('used_at'),
  },
  (t) => [primaryKey({ columns: [t.userId, t.hash] })],
);

export const passkeys = pgTable(
  'passkeys',
  {
    userId: typeId('user_id', 'usr').notNull(),
    id: typeId('id', 'pky').notNull(),
    credentialId: text('credential_id').notNull(),
    /** COSE, base64url. */
    publicKey: text('public_key').notNull(),
    /** Rises with each use, or stays 0; one that falls is a copy's. */
    counter: bigint('counter', { mode: 'number' }).notNull(),
    transports: text('transports').array().notNull(),
    name: text('name').notNull(),
    createdAt: createdAt(),
    lastUsedAt: instant('last_used_at'),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.id] }),
    unique('passkeys_credential').on(t.credentialId),
  ],
);

/** What was good for one use and is used up, until it would have run out. */
export const spentTokens = pgTable(
  'consumed_tokens',
  {
    userId: typeId('user_id', 'usr').notNull(),
    hash: text('hash').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.hash] })],
);
