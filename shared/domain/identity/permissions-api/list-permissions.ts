import { defineAction } from '@insightdesk/shared/context';
import {
  keyPermissions,
  permissionDependencies,
  permissionNames,
  rolesWithPermission,
} from '@insightdesk/shared/contract';
import { z } from 'zod';
import { permissionView } from './view.ts';

/** The same for all organizations. */
export const listPermissions = defineAction({
  summary: 'List permissions with their roles',
  input: z.strictObject({}),
  output: z.object({ items: z.array(permissionView), nextCursor: z.null() }),
  allow: 'account:read',
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
