import { customRoleBases, idSchema, permissionNames } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { customRoles } from './tables.ts';

export const roleView = z
  .object({
    id: idSchema('rol'),
    name: z.string(),
    base: z.enum(customRoleBases),
    permissions: z.array(z.enum(permissionNames)),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Role' });

type RoleRow = typeof customRoles.$inferSelect;

export const toRole = ({ id, name, base, permissions, version, createdAt }: RoleRow) => ({
  id,
  name,
  base,
  permissions: permissionNames.filter((known) => permissions.includes(known)),
  version,
  createdAt: createdAt.toISOString(),
});
