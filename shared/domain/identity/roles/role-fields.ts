import { singleLine } from '@insightdesk/shared/context';
import { permissionNames } from '@insightdesk/shared/contract';
import { z } from 'zod';

export const roleFields = {
  name: singleLine(60),
  permissions: z
    .array(z.enum(permissionNames))
    .max(permissionNames.length)
    .transform((names) => [...new Set(names)])
    .describe('A subset of those of the base role; permissions for the own account always remain'),
};
