import {
  defineAction,
  type MemberTenantContext,
  requireMatch,
  singleLine,
  text,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { isActiveStaff } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { priorities, type Status, statuses } from './conversation-enums.ts';
import { ConversationErrors } from './errors.ts';
import { lockConversation } from './get-conversation.ts';
import { assigneeAfterReopening, canTransition } from './reopen-conversation.ts';
import { recordConversationUpdated, updateConversationRow } from './update-conversation-row.ts';
import {
  type ConversationRow,
  conversationEtag,
  conversationView,
  toConversation,
} from './view.ts';

const changeSchemas = {
  status: z.enum(statuses),
  priority: z.enum(priorities),
  assigneeId: idSchema('usr').nullable(),
  subject: singleLine(300),
  tags: z
    .array(text(50))
    .max(50)
    .transform((tags) => [...new Set(tags)]),
  snoozedUntil: z.iso.datetime({ offset: true }).transform((value) => new Date(value)),
};

type Changes = {
  [K in keyof typeof changeSchemas]?: z.output<(typeof changeSchemas)[K]> | undefined;
};
type Values = Partial<ConversationRow>;

/** Updates assignee, tags, status and other fields of a conversation. */
export const updateConversation = defineAction({
  summary: 'Update a conversation',
  input: z.strictObject({ id: idSchema('cnv'), ...z.object(changeSchemas).partial().shape }),
  output: conversationView,
  etag: conversationEtag,
  requiresIfMatch: true,
  allow: 'conversations:manage',
  transaction: 'write',
  async run(ctx, { id, ...changes }) {
    const before = await lockConversation(ctx, id);
    if (!before) throw ConversationErrors.NotFound();
    requireMatch(ctx, before.version);
    const values = { ...definedOnly(changes), ...(await statusChange(ctx, before, changes)) };
    await checkAssignee(ctx, changes.assigneeId);
    const { people } = before;
    if (Object.keys(values).length === 0) return toConversation(before, people, 'staff');
    const after = await updateConversationRow(ctx, id, values);
    if (!after) throw ConversationErrors.NotFound();
    await recordConversationUpdated(ctx, after, before.assigneeId);
    return toConversation(after, [...after.people, people[3]], 'staff');
  },
});

async function statusChange(
  ctx: MemberTenantContext,
  before: ConversationRow,
  changes: Changes,
): Promise<Values> {
  const to: Status = changes.status ?? (changes.snoozedUntil ? 'snoozed' : before.status);
  if (!(await canTransition(ctx, before, to))) {
    throw ConversationErrors.InvalidTransition(before.status, to);
  }
  if (before.status === 'closed' && to === 'open') {
    const { assigneeId = await assigneeAfterReopening(ctx, before) } = changes;
    return { status: to, snoozedUntil: null, assigneeId };
  }
  if (to !== 'snoozed') return before.status === to ? {} : { status: to, snoozedUntil: null };
  const until = changes.snoozedUntil ?? before.snoozedUntil;
  if (!until || until <= new Date()) throw ConversationErrors.SnoozeNeedsDate();
  return { status: to, snoozedUntil: until };
}

const definedOnly = (changes: Changes): Values =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));

async function checkAssignee(ctx: MemberTenantContext, assigneeId: Id<'usr'> | null | undefined) {
  if (!assigneeId) return;
  // The lock makes a concurrent removal or demotion wait; it unassigns the conversation afterwards.
  const isStaff = await isActiveStaff(ctx, assigneeId, { lock: true });
  if (!isStaff) throw ConversationErrors.UnknownAssignee();
}
