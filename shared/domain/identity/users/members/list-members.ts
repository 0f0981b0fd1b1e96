import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema, roles, staffRoles } from '@insightdesk/shared/contract';
import {
  contains,
  decodeCursor,
  pageInput,
  pageSchema,
  toPage,
} from '@insightdesk/shared/database';
import { and, desc, eq, inArray, lt, or } from 'drizzle-orm';
import { z } from 'zod';
import { members, users } from '../tables.ts';
import { selectMembers } from './find-member.ts';
import { memberView, toMember } from './view.ts';

/** Newest account first. */
export const listMembers = defineAction({
  summary: 'List members',
  input: z.strictObject({
    ...pageInput,
    role: z.enum(roles).optional().describe('Only members with this role'),
    q: text(200)
      .optional()
      .describe('Part of the name or address of staff; customers are searched at /v1/contacts'),
  }),
  output: pageSchema(memberView),
  allow: 'members:read',
  transaction: 'read',
  isHeavy: ({ q }) => q !== undefined,
  async run(ctx, { limit, cursor, role, q }) {
    const before = decodeCursor(cursor, idSchema('usr'));
    const where = and(
      role && eq(members.role, role),
      q ? isStaffLike(q) : undefined,
      before && lt(members.userId, before),
    );
    const rows = await selectMembers(ctx, where)
      .orderBy(desc(members.userId))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, (row) => row.id, toMember);
  },
});

/** An organization has few members of staff, and may have millions of customers. */
const isStaffLike = (q: string) =>
  and(
    inArray(members.role, [...staffRoles]),
    or(contains(members.name, q), contains(users.email, q)),
  );
