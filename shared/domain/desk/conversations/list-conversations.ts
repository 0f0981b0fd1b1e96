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
import { audienceOf } from './audience-of.ts';
import { priorities, type Status, statuses } from './conversation-enums.ts';
import { viewerOf } from './conversation-visibility.ts';
import { ConversationErrors } from './errors.ts';
import { hasCandidates, selectLastCandidate, selectNewest } from './select-newest.ts';
import { conversationView, toConversation } from './view.ts';

const anyStatus = statuses.join('|');

/** The conversations that the caller may see, newest first or by their last reply. */
export const listConversations = defineAction({
  summary: 'List conversations',
  input: z.strictObject({
    ...pageInput,
    status: z
      .string()
      .max(100)
      .regex(new RegExp(`^(${anyStatus})(,(${anyStatus}))*$`))
      .optional()
      .meta({ description: 'One or several, separated by commas', examples: ['open,pending'] }),
    priority: z.enum(priorities).optional().describe('Only conversations with this priority'),
    assigneeId: z
      .union([idSchema('usr'), z.literal('none')])
      .optional()
      .describe('`none`: unassigned'),
    customerId: idSchema('usr').optional().describe('Staff only'),
    tag: text(50).optional().describe('Staff only'),
    q: text(200).optional().describe('Part of the subject'),
    sort: z
      .enum(['number', 'activity'])
      .default('number')
      .describe('`activity`: by the time of the last reply, newest first'),
  }),
  output: pageSchema(conversationView),
  allow: 'conversations:read',
  transaction: 'read',
  isHeavy: ({ q }) => q !== undefined,
  async run(ctx, { limit, cursor, ...filters }) {
    if (ctx.actor.role === 'customer') {
      if (filters.tag !== undefined) throw ConversationErrors.TagsRequireStaff();
      if (filters.customerId !== undefined) throw ConversationErrors.CustomersRequireStaff();
    }
    const byActivity = filters.sort === 'activity';
    const after = byActivity
      ? toActivityKey(decodeCursor(cursor, activityKey))
      : { before: decodeCursor(cursor, integerKey) };
    const parameters = { ...toParameters(filters), ...viewerOf(ctx), ...after };
    if (filters.customerId) parameters.customerId = filters.customerId;
    const [audience, rows, [lastCandidate]] = await Promise.all([
      audienceOf(ctx),
      selectNewest(limit)(ctx.tx, { ...parameters, readerId: ctx.actor.userId }),
      hasCandidates(parameters) ? selectLastCandidate(ctx.tx, parameters) : [],
    ]);
    const keyOf = (row: { number: number; lastMessageAt: Date }) =>
      byActivity ? [row.lastMessageAt.toISOString(), row.number] : row.number;
    return toPage(
      rows,
      limit,
      keyOf,
      (row) => toConversation(row, row.people, audience),
      lastCandidate && keyOf(lastCandidate),
    );
  },
});

const activityKey = z.tuple([z.iso.datetime(), integerKey]);

const toActivityKey = (key: z.output<typeof activityKey> | undefined) => ({
  before: key?.[1],
  beforeAt: key && new Date(key[0]),
});

interface Filters {
  status?: string | undefined;
  priority?: (typeof priorities)[number] | undefined;
  assigneeId?: z.output<ReturnType<typeof idSchema<'usr'>>> | 'none' | undefined;
  tag?: string | undefined;
  q?: string | undefined;
  sort: 'number' | 'activity';
}

function toParameters({ status, assigneeId, priority, tag, q, sort }: Filters) {
  const wanted = [...new Set(status?.split(','))] as Status[];
  // All statuses are no filter.
  const [status1, status2, status3, status4] = wanted.length === statuses.length ? [] : wanted;
  return {
    ...{ status1, status2, status3, status4, priority, tag, q },
    assigneeId: assigneeId === 'none' ? undefined : assigneeId,
    isUnassigned: assigneeId === 'none' ? 1 : undefined,
    byActivity: sort === 'activity' ? 1 : undefined,
  };
}
