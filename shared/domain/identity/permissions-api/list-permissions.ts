import { defineAction } from '@insightdesk/shared/context';
import {
  keyPermissions,
  permissionDependencies,
  permissionNames,
  roles,
  rolesWithPermission,
} from '@insightdesk/shared/contract';
import { z } from 'zod';

const permissionView = z
  .object({
    name: z.enum(permissionNames),
    roles: z.array(z.enum(roles)),
    forKeys: z.boolean().describe('Whether an API key can have it'),
    needs: z.array(z.enum(permissionNames)).describe('Permissions that it requires'),
  })
  .meta({ id: 'Permission' });

/** The same for all organizations. */
export const listPermissions = defineAction({
  summary: 'List permissions with their roles',
  input: z.strictObject({}),
  output: z.object({ items: z.array(permissionView), nextCursor: z.null() }),
  allow: 'account:read',
  allowsProviderSession: true,
  transaction: 'read',
  async run() {
    const items = permissionNames.map((name) => ({
      name,
      roles: [...rolesWithPermission(name)],
      forKeys: keyPermissions.includes(name),
      needs: [...(permissionDependencies[name] ?? [])],
    }));
    return { items, nextCursor: null };
  },
});
