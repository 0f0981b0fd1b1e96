import { customRoleBases, type Permission } from '@insightdesk/shared/contract';
import { createdAt, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** Custom roles: a built-in one that lacks some of its permissions. */
export const customRoles = pgTable(
  'roles',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'rol').notNull(),
    name: text('name').notNull(),
    base: text('base', { enum: customRoleBases }).notNull(),
    permissions: text('permissions').array().$type<Permission[]>().notNull(),
    /** Tokens say which one they were signed for; a change ends them. */
    version: integer('version').notNull().default(1),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), unique('roles_name').on(t.tenantId, t.name)],
);
