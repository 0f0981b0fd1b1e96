import { defineAction, text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import {
  decodeCursor,
  integerKey,
  pageInput,
  pageSchema,
  toPage,
} from '@insightdesk/shared/database';
import { z } from 'zod';
import { priorities, statuses } from './conversation-enums.ts';
import { viewerOf } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { hasCandidates, selectLastCandidate, selectNewest } from './select-newest.ts';
import { audienceOf, conversationView, toConversation } from './view.ts';

/** The conversations that the caller may see, newest first. */
export const listConversations = defineAction({
  summary: 'List conversations',
  input: z.strictObject({
    ...pageInput,
    status: z.enum(statuses).optional().describe('Only conversations with this status'),
    priority: z.enum(priorities).optional().describe('Only conversations with this priority'),
    assigneeId: idSchema('usr').optional(),
    tag: text(50).optional().describe('Staff only'),
    q: text(200).optional().describe('Part of the subject'),
  }),
  output: pageSchema(conversationView),
  allow: 'conversations:read',
  transaction: 'read',
  isHeavy: ({ q }) => q !== undefined,
  async run(ctx, { limit, cursor, ...filters }) {
    const audience = audienceOf(ctx.actor);
    if (filters.tag !== undefined && audience === 'customer') {
      throw ConversationErrors.TagsRequireStaff();
    }
    const before = decodeCursor(cursor, integerKey);
    const parameters = { ...viewerOf(ctx), ...filters, before };
    const [rows, [lastCandidate]] = await Promise.all([
      selectNewest(limit)(ctx.tx, parameters),
      hasCandidates(parameters) ? selectLastCandidate(ctx.tx, parameters) : [],
    ]);
    return toPage(
      rows,
      limit,
      (row) => row.number,
      (row) => toConversation(row, audience),
      lastCandidate?.number,
    );
  },
});
