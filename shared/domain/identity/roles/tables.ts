import { customRoleBases, type Permission } from '@insightdesk/shared/contract';
import { createdAt, tenantId, typeId } from '@insightdesk/shared/database';
import { organizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

/** A custom role restricts the permissions of a built-in role. */
export const customRoles = pgTable(
  'roles',
  {
    tenantId: tenantId().references(() => organizations.id),
    id: typeId('id', 'rol').notNull(),
    name: text('name').notNull(),
    base: text('base', { enum: customRoleBases }).notNull(),
    permissions: text('permissions').array().$type<Permission[]>().notNull(),
    /** Access tokens contain it; a change invalidates them. */
    version: integer('version').notNull().default(1),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), unique('roles_name').on(t.tenantId, t.name)],
);
