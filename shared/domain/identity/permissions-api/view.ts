import { idSchema, permissionNames, roles } from '@insightdesk/shared/contract';
import { z } from 'zod';

export const decisionView = z.object({
  allowed: z.boolean(),
  reason: z.string(),
  permission: z.enum(permissionNames),
  userId: idSchema('usr'),
  role: z.enum(roles),
  via: z
    .enum(['built-in', 'custom', 'key'])
    .describe('The source: the built-in role, a custom role, or the permissions of an API key'),
});

export const permissionView = z.object({
  name: z.enum(permissionNames),
  roles: z.array(z.enum(roles)),
  forKeys: z.boolean().describe('Whether an API key can have it'),
  needs: z.array(z.enum(permissionNames)).describe('Permissions that it requires'),
});
