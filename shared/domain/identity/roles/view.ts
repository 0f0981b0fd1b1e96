import { customRoleBases, idSchema, permissionNames } from '@insightdesk/shared/contract';
import type { InferSelectModel } from 'drizzle-orm';
import { z } from 'zod';
import type { customRoles } from './tables.ts';

export const roleView = z.object({
  id: idSchema('rol'),
  name: z.string(),
  base: z.enum(customRoleBases),
  permissions: z.array(z.enum(permissionNames)),
  version: z.int(),
  createdAt: z.iso.datetime(),
});

type RoleRow = InferSelectModel<typeof customRoles>;

export const toRole = ({ id, name, base, permissions, version, createdAt }: RoleRow) => ({
  id,
  name,
  base,
  permissions: permissionNames.filter((known) => permissions.includes(known)),
  version,
  createdAt: createdAt.toISOString(),
});
