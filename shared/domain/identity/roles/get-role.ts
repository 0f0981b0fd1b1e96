import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireRole } from './require-role.ts';
import { roleView, toRole } from './view.ts';

export const getRole = defineAction({
  summary: 'Read a custom role',
  input: z.strictObject({ id: idSchema('rol') }),
  output: roleView,
  allow: 'roles:read',
  transaction: 'read',
  run: async (ctx, { id }) => toRole(await requireRole(ctx, id)),
});
