import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { members } from '@insightdesk/shared/domain/identity/users';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { sql } from 'drizzle-orm';
import {
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';

/** The value of a property of a contact or a company; its type is that of the JSON value. */
export type PropertyValue = string | number | boolean;

export const companies = pgTable(
  'companies',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'cmp').notNull(),
    name: text('name').notNull(),
    externalId: text('external_id'),
    properties: jsonb('properties').$type<Record<string, PropertyValue>>().notNull().default({}),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    uniqueIndex('companies_external_id')
      .on(t.tenantId, t.externalId)
      .where(sql`external_id is not null`),
  ],
);

/** What an organization knows of a customer; a trigger inserts a row for every member that is one. */
export const contacts = pgTable(
  'contacts',
  {
    tenantId: tenantId(),
    userId: typeId('user_id', 'usr').notNull(),
    /** The id in the product of the organization. */
    externalId: text('external_id'),
    timeZone: text('time_zone'),
    language: text('language'),
    properties: jsonb('properties').$type<Record<string, PropertyValue>>().notNull().default({}),
    companyId: typeId('company_id', 'cmp'),
    /** A visitor who has not identified itself. */
    isAnonymous: boolean('is_anonymous').notNull().default(false),
    blockedAt: instant('blocked_at'),
    /** The contact that this one was merged into; it lives on as the author of its messages. */
    mergedInto: typeId('merged_into', 'usr'),
    version: integer('version').notNull().default(1),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.userId] }),
    uniqueIndex('contacts_external_id')
      .on(t.tenantId, t.externalId)
      .where(sql`external_id is not null`),
    index('contacts_listed').on(t.tenantId, t.userId).where(sql`merged_into is null`),
    index('contacts_company')
      .on(t.tenantId, t.companyId, t.userId)
      .where(sql`company_id is not null`),
    index('contacts_merged').on(t.tenantId, t.mergedInto).where(sql`merged_into is not null`),
    foreignKey({
      columns: [t.tenantId, t.userId],
      foreignColumns: [members.tenantId, members.userId],
      name: 'contacts_member_fk',
    }).onDelete('cascade'),
    foreignKey({
      columns: [t.tenantId, t.companyId],
      foreignColumns: [companies.tenantId, companies.id],
      name: 'contacts_company_fk',
    }),
  ],
);

/** The email addresses of contacts. */
export const contactAddresses = pgTable(
  'contact_addresses',
  {
    tenantId: tenantId(),
    contactId: typeId('contact_id', 'usr').notNull(),
    address: text('address').notNull(),
    /** When the contact, or the product of the organization for it, proved that it reads the address. */
    verifiedAt: instant('verified_at'),
    /** Whether the address identifies the contact: it is verified, or staff or an API key opened the contact by it. */
    isIdentity: boolean('is_identity').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.contactId, t.address] }),
    uniqueIndex('contact_addresses_identity').on(t.tenantId, t.address).where(sql`is_identity`),
    foreignKey({
      columns: [t.tenantId, t.contactId],
      foreignColumns: [contacts.tenantId, contacts.userId],
      name: 'contact_addresses_contact_fk',
    }).onDelete('cascade'),
  ],
);

/** Which contact was merged into which, which member did it, and what moved. */
export const contactMerges = pgTable(
  'contact_merges',
  {
    tenantId: tenantId(),
    sourceId: typeId('source_id', 'usr').notNull(),
    targetId: typeId('target_id', 'usr').notNull(),
    /** The member that merged them; null when the system did. */
    mergedBy: typeId('merged_by', 'usr'),
    reason: text('reason', { enum: ['manual', 'visitor-identified', 'same-address'] }).notNull(),
    /** The source before the merge. */
    source: jsonb('source').notNull(),
    conversationCount: integer('conversation_count').notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.sourceId] }),
    index('contact_merges_target').on(t.tenantId, t.targetId),
    foreignKey({
      columns: [t.tenantId, t.sourceId],
      foreignColumns: [contacts.tenantId, contacts.userId],
      name: 'contact_merges_source_fk',
    }).onDelete('cascade'),
  ],
);

/** The n-grams of name, addresses and external id, for substring search; maintained by triggers. */
export const contactNgrams = pgTable(
  'contact_ngrams',
  {
    tenantId: tenantId(),
    contactId: typeId('contact_id', 'usr').notNull(),
    /** The searched text in lower case. */
    content: text('content').notNull(),
    ngrams: text('ngrams').array().notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.contactId] }),
    index('contact_ngrams_ngrams')
      .using('gin', t.tenantId, t.ngrams)
      .with({ gin_pending_list_limit: 256 }),
    foreignKey({
      columns: [t.tenantId, t.contactId],
      foreignColumns: [contacts.tenantId, contacts.userId],
      name: 'contact_ngrams_contact_fk',
    }).onDelete('cascade'),
  ],
);
