import { createdAt, tenantId, typeId } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { boolean, check, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** OpenID Connect providers that members of an organization sign in with. */
export const identityProviders = pgTable(
  'identity_providers',
  {
    tenantId: tenantId(),
    id: typeId('id', 'idp').notNull(),
    name: text('name').notNull(),
    issuer: text('issuer').notNull(),
    clientId: text('client_id').notNull(),
    /** Encrypted. */
    clientSecret: text('client_secret').notNull(),
    /** Domains whose verified addresses are linked to members automatically. */
    allowedDomains: text('allowed_domains').array().notNull(),
    assuresTwoFactor: boolean('assures_two_factor').notNull(),
    /** The role of users who sign in for the first time; null: no just-in-time provisioning. */
    autoJoin: text('auto_join', { enum: ['agent', 'customer'] }),
    enabled: boolean('enabled').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    check('identity_providers_auto_join', sql`auto_join IN ('agent', 'customer')`),
  ],
);

/** The user of a provider's subject, within one organization. */
export const identityLinks = pgTable(
  'identity_links',
  {
    tenantId: tenantId(),
    providerId: typeId('provider_id', 'idp').notNull(),
    issuer: text('issuer').notNull(),
    subject: text('subject').notNull(),
    userId: typeId('user_id', 'usr').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.providerId, t.issuer, t.subject] }),
    unique('identity_links_user').on(t.tenantId, t.providerId, t.userId),
  ],
);

export type ProviderRow = typeof identityProviders.$inferSelect;
