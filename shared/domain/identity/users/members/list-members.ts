import { defineAction } from '@insightdesk/shared/context';
import { idSchema, roles } from '@insightdesk/shared/contract';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { members } from '../tables.ts';
import { selectMembers } from './find-member.ts';
import { memberView, toMember } from './view.ts';

/** Newest account first. */
export const listMembers = defineAction({
  summary: 'List members',
  input: z.strictObject({
    ...pageInput,
    role: z.enum(roles).optional().describe('Only members with this role'),
  }),
  output: pageSchema(memberView),
  allow: 'members:read',
  transaction: 'read',
  async run(ctx, { limit, cursor, role }) {
    const before = decodeCursor(cursor, idSchema('usr'));
    const where = and(role && eq(members.role, role), before && lt(members.userId, before));
    const rows = await selectMembers(ctx, where)
      .orderBy(desc(members.userId))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.id, toMember);
  },
});
