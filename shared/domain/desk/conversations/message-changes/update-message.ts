import { defineAction, text } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { z } from 'zod';
import { requireRoomFor } from '../append-message.ts';
import { ConversationErrors } from '../errors.ts';
import { messageUpdated } from '../events.ts';
import { toMessageFromRow } from '../message-row.ts';
import { messageView } from '../view.ts';
import { changeMessage, isAuthor, lockMessage, messageKey } from './change-message.ts';

/** Former texts that a message keeps. */
const MAX_EDITS = 50;

/** Edits a message of the caller; the former text is stored for staff. */
export const updateMessage = defineAction({
  summary: 'Edit a message of the caller',
  input: z.strictObject({ ...messageKey, body: text(50_000) }),
  output: messageView,
  requiresIfMatch: true,
  allow: 'conversations:reply',
  transaction: 'write',
  async run(ctx, { body, ...key }) {
    const [{ conversation, found }] = await Promise.all([
      lockMessage(ctx, key),
      requireRoomFor(ctx, body),
    ]);
    const { message: before } = found;
    // An author's own name is the same for every audience.
    const view = (message = before) =>
      toMessageFromRow({ ...found, message }, ctx.settings.publicUrl, 'staff');
    if (!(await isAuthor(ctx, before))) throw ConversationErrors.NotTheAuthor();
    if (before.deletedAt) throw ConversationErrors.MessageDeleted();
    if (before.body === body) return view();
    if (before.version > MAX_EDITS) throw ConversationErrors.TooManyVersions(MAX_EDITS);
    const changes = { body, editedAt: conversation.now };
    const after = await changeMessage(ctx, conversation, before, changes);
    const { customerId, staffNaming } = conversation;
    const message = view(after);
    const { author } = message;
    await record(ctx, messageUpdated, { message, author, staffNaming, customerId });
    return message;
  },
});
