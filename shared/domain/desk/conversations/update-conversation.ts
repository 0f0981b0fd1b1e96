import {
  defineAction,
  line,
  requireMatch,
  text,
  type MemberTenantContext,
} from '@insightdesk/shared/context';
import { type Id, idSchema } from '@insightdesk/shared/contract';
import { isReachableStaff } from '@insightdesk/shared/domain/identity/users';
import { z } from 'zod';
import { updateConversationRow, recordConversationUpdated } from './update-conversation-row.ts';
import { ConversationErrors } from './errors.ts';
import { lockConversation } from './lock-conversation.ts';
import { type ConversationRow, conversationEtag, conversationView, toConversation } from './view.ts';
import { priorities, type Status, statuses, statusTransitions } from './conversation-enums.ts';

const changes = {
  status: z.enum(statuses),
  priority: z.enum(priorities),
  assigneeId: idSchema('usr').nullable(),
  subject: line(300),
  tags: z
    .array(text(50))
    .max(50)
    .transform((tags) => [...new Set(tags)]),
  snoozedUntil: z.iso.datetime({ offset: true }).transform((value) => new Date(value)),
};

type Wanted = { [K in keyof typeof changes]?: z.output<(typeof changes)[K]> | undefined };
type Values = Partial<ConversationRow>;

/** Assigns, tags, snoozes, resolves …: whatever the input names. */
export const updateConversation = defineAction({
  summary: 'Change a conversation',
  input: z.strictObject({ id: idSchema('cnv'), ...z.object(changes).partial().shape }),
  output: conversationView,
  etag: conversationEtag,
  looksAtVersion: true,
  allow: 'conversations:manage',
  transaction: 'write',
  async run(ctx, { id, ...wanted }) {
    const before = await lockConversation(ctx, id);
    if (!before) throw ConversationErrors.NotFound();
    requireMatch(ctx, before.version);
    const values = { ...definedOnly(wanted), ...statusChange(before, wanted) };
    await checkAssignee(ctx, wanted.assigneeId);
    if (Object.keys(values).length === 0) return toConversation(before, 'staff');
    const after = await updateConversationRow(ctx, id, values);
    if (!after) throw ConversationErrors.NotFound();
    await recordConversationUpdated(ctx, after, before.assigneeId);
    return toConversation(after, 'staff');
  },
});

function statusChange(before: ConversationRow, wanted: Wanted): Values {
  const to: Status = wanted.status ?? (wanted.snoozedUntil ? 'snoozed' : before.status);
  if (to !== before.status && !statusTransitions[before.status].includes(to)) {
    throw ConversationErrors.InvalidTransition(before.status, to);
  }
  if (to !== 'snoozed') return before.status === to ? {} : { status: to, snoozedUntil: null };
  const until = wanted.snoozedUntil ?? before.snoozedUntil;
  if (!until || until <= new Date()) throw ConversationErrors.SnoozeNeedsDate();
  return { status: to, snoozedUntil: until };
}

const definedOnly = (wanted: Wanted): Values =>
  Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));

async function checkAssignee(ctx: MemberTenantContext, assigneeId: Id<'usr'> | null | undefined) {
  if (!assigneeId) return;
  // Who is removed or demoted meanwhile waits for this, and then loses the conversation again.
  const isStaff = await isReachableStaff(ctx, assigneeId, { lock: true });
  if (!isStaff) throw ConversationErrors.UnknownAssignee();
}
