import { type Permission, staffRoles } from '@insightdesk/shared/contract';
import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { members } from '@insightdesk/shared/domain/identity/users';
import { foreignKey, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** API keys of an organization. Their permissions never change. */
export const apiKeys = pgTable(
  'api_keys',
  {
    tenantId: tenantId(),
    id: typeId('id', 'key').notNull(),
    name: text('name').notNull(),
    /** The user that the key writes as: a member of its own who is created as removed. */
    userId: typeId('user_id', 'usr').notNull(),
    /** The weakest role that has all its permissions. */
    role: text('role', { enum: staffRoles }).notNull(),
    permissions: text('permissions').array().$type<Permission[]>().notNull(),
    createdBy: typeId('created_by', 'usr').notNull(),
    expiresAt: instant('expires_at').notNull(),
    revokedAt: instant('revoked_at'),
    /** Accurate to a minute. */
    lastUsedAt: instant('last_used_at'),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    foreignKey({
      columns: [t.tenantId, t.userId],
      foreignColumns: [members.tenantId, members.userId],
      name: 'api_keys_member_fk',
    }),
    foreignKey({
      columns: [t.tenantId, t.createdBy],
      foreignColumns: [members.tenantId, members.userId],
      name: 'api_keys_creator_fk',
    }),
  ],
);

/** The secrets of a key: the current one, and during a rotation the previous one. */
export const apiKeySecrets = pgTable(
  'api_key_secrets',
  {
    tenantId: tenantId(),
    /** Takes the place of a session's id. */
    id: typeId('id', 'ses').notNull(),
    keyId: typeId('key_id', 'key').notNull(),
    /** SHA-256 in hex. */
    hash: text('hash').notNull(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('api_key_secrets_key').on(t.tenantId, t.keyId),
    foreignKey({
      columns: [t.tenantId, t.keyId],
      foreignColumns: [apiKeys.tenantId, apiKeys.id],
      name: 'api_key_secrets_key_fk',
    }).onDelete('cascade'),
  ],
);
