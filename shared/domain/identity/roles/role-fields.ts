import { singleLine } from '@insightdesk/shared/context';
import { permissionNames } from '@insightdesk/shared/contract';
import { z } from 'zod';

/** What owners say of a custom role. */
export const roleFields = {
  name: singleLine(60),
  permissions: z
    .array(z.enum(permissionNames))
    .max(permissionNames.length)
    .transform((names) => [...new Set(names)])
    .describe('Of those that the base has; what concerns the own account stays in any case'),
};
