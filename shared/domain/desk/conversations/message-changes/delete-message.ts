import { can, defineAction } from '@insightdesk/shared/context';
import { deleteMessageAttachments } from '@insightdesk/shared/domain/desk/attachments';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { ConversationErrors } from '../errors.ts';
import { messageDeleted } from '../events.ts';
import { namedPerson } from '../people.ts';
import { toMessage } from '../view.ts';
import { changeMessage, isAuthor, lockMessage, messageKey } from './change-message.ts';

/**
 * Deletes the text and the files of a message: authors their own, staff any. It stays in its place,
 * and staff may read the former texts until they are deleted. Repeating it changes nothing.
 */
export const deleteMessage = defineAction({
  summary: 'Delete a message: its author, or staff',
  input: z.strictObject(messageKey),
  output: z.void(),
  requiresIfMatch: true,
  allow: 'conversations:reply',
  transaction: 'write',
  async run(ctx, key) {
    const { conversation, found } = await lockMessage(ctx, key);
    const { message: before } = found;
    const isManager = can(ctx.actor, 'conversations:manage');
    if (!isManager && !(await isAuthor(ctx, before))) throw ConversationErrors.NotTheAuthor();
    if (before.deletedAt) return;
    const changes = { body: '', deletedAt: conversation.now };
    const after = await changeMessage(ctx, conversation, before, changes);
    await deleteMessageAttachments(ctx, before.id);
    const { customerId, staffNaming } = conversation;
    const author = namedPerson(after.authorId, found.author);
    const message = toMessage(after, author, []);
    await record(ctx, messageDeleted, { message, author, staffNaming, customerId });
  },
});
