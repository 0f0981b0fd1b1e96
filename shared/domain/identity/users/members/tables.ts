import { createdAt, instant, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

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
    /** How often it was emailed. */
    sendCount: integer('send_count').notNull().default(1),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('invitations_email').on(t.tenantId, t.email),
  ],
);
