import { defineAction } from '@insightdesk/shared/context';
import { matches } from '@insightdesk/shared/database';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { messageHistoryDeleted } from '../events.ts';
import { messageVersions } from '../tables.ts';
import { lockMessage, messageKey } from './change-message.ts';

/** Deletes the former texts of a message for good; audited. */
export const deleteMessageVersions = defineAction({
  summary: 'Delete the former texts of a message for good',
  input: z.strictObject(messageKey),
  output: z.void(),
  allow: 'message-history:delete',
  transaction: 'write',
  async run(ctx, { id, messageId }) {
    await lockMessage(ctx, { id, messageId });
    const deleted = await ctx.tx
      .delete(messageVersions)
      .where(matches(messageVersions, { tenantId: ctx.tenantId, messageId }))
      .returning({ version: messageVersions.version });
    const versions = deleted.length;
    if (versions === 0) return;
    await record(ctx, messageHistoryDeleted, { messageId, conversationId: id, versions });
  },
});
