import { createdAt, instant, typeId } from '@insightdesk/shared/database';
import { bigint, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** The state of a user's second factors; created with the first one. */
export const secondFactors = pgTable('second_factors', {
  userId: typeId('user_id', 'usr').primaryKey(),
  totpId: typeId('totp_id', 'fac'),
  /** Encrypted; null until it is confirmed by a code. */
  totpSecret: text('totp_secret'),
  pendingSecret: text('pending_secret'),
  /** The last 30-second step whose code was used; no code is valid twice. */
  lastStep: bigint('last_step', { mode: 'number' }).notNull().default(0),
  /** Wrong codes since the last valid one. */
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
    /** Increases with each use, or is always 0; a lower value comes from a cloned passkey. */
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

/** Used one-time tokens, until they expire. */
export const consumedTokens = pgTable(
  'consumed_tokens',
  {
    userId: typeId('user_id', 'usr').notNull(),
    hash: text('hash').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.hash] })],
);
