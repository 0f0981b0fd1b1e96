import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { foreignKey, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** The keys with which the product of an organization signs identity tokens. */
export const identityKeys = pgTable(
  'identity_keys',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'idk').notNull(),
    name: text('name').notNull(),
    algorithm: text('algorithm', { enum: ['HS256', 'EdDSA'] }).notNull(),
    /** HS256: the secret, encrypted. */
    secret: text('secret'),
    /** EdDSA: the public key as a JWK. */
    publicKey: text('public_key'),
    createdBy: typeId('created_by', 'usr').notNull(),
    revokedAt: instant('revoked_at'),
    /** Accurate to a minute. */
    lastUsedAt: instant('last_used_at'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
);

/** Identity tokens with an id (`jti`) that were used: they cannot be used again. */
export const usedIdentityTokens = pgTable(
  'used_identity_tokens',
  {
    tenantId: tenantId(),
    keyId: typeId('key_id', 'idk').notNull(),
    /** SHA-256 of the id of the token, in hex. */
    hash: text('hash').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.keyId, t.hash] }),
    index('used_identity_tokens_expiry').on(t.expiresAt),
    foreignKey({
      columns: [t.tenantId, t.keyId],
      foreignColumns: [identityKeys.tenantId, identityKeys.id],
      name: 'used_identity_tokens_key_fk',
    }).onDelete('cascade'),
  ],
);

/** One-time codes that were emailed; the code itself is derived from the id. */
export const signInCodes = pgTable(
  'sign_in_codes',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'sic').notNull(),
    address: text('address').notNull(),
    /** Wrong codes so far. */
    failures: integer('failures').notNull().default(0),
    expiresAt: instant('expires_at').notNull(),
    usedAt: instant('used_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('sign_in_codes_address').on(t.tenantId, t.address, t.createdAt),
    index('sign_in_codes_expiry').on(t.expiresAt),
  ],
);
