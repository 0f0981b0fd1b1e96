import type { Id } from '@insightdesk/shared/contract';
import { deleteKeys, type Valkey } from '@insightdesk/shared/valkey';

/** Where everything of a tenant is stored in Valkey. */
export const prefixOf = (tenantId: Id<'org'>) => `cache:${tenantId}:`;

/** Deletes all that is cached of a tenant; returns the number of keys. */
export const purgeTenant = (valkey: Valkey, tenantId: Id<'org'>): Promise<number> =>
  deleteKeys(valkey, `${prefixOf(tenantId)}*`);
