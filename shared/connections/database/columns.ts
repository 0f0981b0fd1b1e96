import { fromUuid, type Id, type IdPrefix, toUuid } from '@insightdesk/shared/contract';
import { customType, timestamp } from 'drizzle-orm/pg-core';

/** A column that holds a TypeID: `uuid` in PostgreSQL, `cnv_…` everywhere else. */
export function typeId<P extends IdPrefix>(name: string, prefix: P) {
  return customType<{ data: Id<P>; driverData: string }>({
    dataType: () => 'uuid',
    toDriver: (id) => toUuid(id),
    fromDriver: (uuid) => fromUuid(prefix, uuid),
  })(name);
}

/** The tenant of a row: first in every index of a tenant table. */
export const tenantId = () => typeId('tenant_id', 'org').notNull();

/** A point in time, as a Date with millisecond precision. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** When the row was inserted. */
export const createdAt = () => instant('created_at').notNull().defaultNow();
