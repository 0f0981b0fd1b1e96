import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { decodeCursor, pageInput, pageSchema, toPage } from '@insightdesk/shared/database';
import { and, desc, eq, getTableColumns, lt } from 'drizzle-orm';
import { z } from 'zod';
import { users } from '../tables.ts';
import { isPending } from './find-pending-invitation.ts';
import { invitations } from './tables.ts';
import { invitationView, toInvitation } from './view.ts';

export const listInvitations = defineAction({
  summary: 'List pending invitations',
  input: z.strictObject(pageInput),
  output: pageSchema(invitationView),
  allow: 'customers:invite',
  transaction: 'read',
  async run({ tx, tenantId }, { limit, cursor }) {
    const before = decodeCursor(cursor, idSchema('inv'));
    const rows = await tx
      .select({ ...getTableColumns(invitations), inviterName: users.name })
      .from(invitations)
      .innerJoin(users, eq(users.id, invitations.invitedBy))
      .where(
        and(eq(invitations.tenantId, tenantId), isPending, before && lt(invitations.id, before)),
      )
      .orderBy(desc(invitations.id))
      .limit(limit + 1)
      .execute();
    return toPage(rows, limit, ({ id }) => id, toInvitation);
  },
});
