import {
  type Context,
  defineAction,
  line,
  type TenantContext,
  text,
  type UserContext,
  withTenant,
} from '@insightdesk/shared/context';
import { type Id, idSchema, staffRoles } from '@insightdesk/shared/contract';
import { findMember } from '@insightdesk/shared/domain/users';
import { record } from '@insightdesk/shared/events';
import { and, eq, lte, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { ConversationErrors } from './errors.ts';
import { conversationUpdated } from './events.ts';
import { lockConversation } from './send-message.ts';
import { conversations } from './tables.ts';
import { type ConversationRow, conversationView, toConversation } from './view.ts';
import { priorities, type Status, statuses, transitions } from './vocabulary.ts';

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
  allow: staffRoles,
  transaction: 'write',
  async run(ctx, { id, ...wanted }) {
    const before = await lockConversation(ctx, id);
    if (!before) throw ConversationErrors.NotFound();
    const values = { ...definedOnly(wanted), ...statusChange(before, wanted) };
    await checkAssignee(ctx, wanted.assigneeId);
    if (Object.keys(values).length === 0) return toConversation(before, 'staff');
    const after = await change(ctx, id, values);
    if (!after) throw ConversationErrors.NotFound();
    await tell(ctx, after, before.assigneeId);
    return toConversation(after, 'staff');
  },
});

/** Reopens a snoozed conversation whose time has come; otherwise changes nothing. */
export function wakeSnoozed(ctx: Context, { conversationId }: { conversationId: Id<'cnv'> }) {
  return withTenant(ctx, async (tenant) => {
    const due = and(
      eq(conversations.status, 'snoozed'),
      lte(conversations.snoozedUntil, sql`now()`),
    );
    const after = await change(tenant, conversationId, { status: 'open', snoozedUntil: null }, due);
    if (after) await tell(tenant, after, after.assigneeId);
  });
}

function statusChange(before: ConversationRow, wanted: Wanted): Values {
  const to: Status = wanted.status ?? (wanted.snoozedUntil ? 'snoozed' : before.status);
  if (to !== before.status && !transitions[before.status].includes(to)) {
    throw ConversationErrors.InvalidTransition(before.status, to);
  }
  if (to !== 'snoozed') return before.status === to ? {} : { status: to, snoozedUntil: null };
  const until = wanted.snoozedUntil ?? before.snoozedUntil;
  if (!until || until <= new Date()) throw ConversationErrors.SnoozeNeedsDate();
  return { status: to, snoozedUntil: until };
}

async function change(
  { tx, tenantId }: TenantContext,
  id: Id<'cnv'>,
  values: Values,
  condition?: SQL,
): Promise<ConversationRow | undefined> {
  const [row] = await tx
    .update(conversations)
    .set({ ...values, version: sql`${conversations.version} + 1` })
    .where(and(eq(conversations.tenantId, tenantId), eq(conversations.id, id), condition))
    .returning();
  return row;
}

function tell(ctx: TenantContext, after: ConversationRow, previousAssigneeId: Id<'usr'> | null) {
  return record(ctx, conversationUpdated, {
    conversation: toConversation(after, 'staff'),
    replyCount: after.replyCount,
    previousAssigneeId,
  });
}

const definedOnly = (wanted: Wanted): Values =>
  Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));

async function checkAssignee(ctx: UserContext, assigneeId: Id<'usr'> | null | undefined) {
  if (!assigneeId) return;
  const assignee = await findMember(ctx, assigneeId);
  if (!assignee || assignee.role === 'customer') throw ConversationErrors.UnknownAssignee();
}
