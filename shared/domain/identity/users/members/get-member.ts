import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireMember } from './find-member.ts';
import { memberView, toMember } from './view.ts';

export const getMember = defineAction({
  summary: 'Get a member',
  input: z.strictObject({ userId: idSchema('usr') }),
  output: memberView,
  allow: 'members:read',
  transaction: 'read',
  run: async (ctx, { userId }) => toMember(await requireMember(ctx, userId)),
});
