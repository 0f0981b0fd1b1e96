import type { TenantContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import type { EmailMode, NotificationKind } from '@insightdesk/shared/domain/identity/preferences';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { consumeEmailQuota } from './email-quota.ts';
import { findRecipient, type NotifiedUser } from './find-recipient.ts';
import { lockDue, type PendingRow, selectUnsent } from './read-pending.ts';
import { emailDeliveries, type Notification } from './tables.ts';

/** An email that is recorded and will be sent by this run, or completed by another one. */
export interface Claimed {
  key: string;
  recipient: NotifiedUser;
  address: string;
  notification: Notification;
}

interface Result {
  /** False when no pending email of the user is due. */
  hasMore: boolean;
  claimed?: Claimed;
  /** Pending emails of a user who may no longer read these conversations. */
  orphaned?: PendingRow[];
}

type Due = PendingRow & { kind: NotificationKind; mode: EmailMode };

/**
 * Takes one email of the user that is due: of one conversation, or the digest of all of them. Its
 * messages stop to be pending in the same transaction that records the email and counts it in the
 * quotas; throws 429 QUOTA_EXCEEDED and changes nothing when these are used up.
 */
export async function claimNotification(
  ctx: TenantContext,
  userId: Id<'usr'>,
  { dueAt, isConnected }: { dueAt: Date | undefined; isConnected: boolean },
): Promise<Result> {
  const rows = await lockDue(ctx, userId, dueAt);
  if (rows.length === 0) return { hasMore: false };
  const recipient = await findRecipient(ctx, userId);
  const isOrphaned = (row: PendingRow) => !recipient || !canReceive(recipient, row);
  const orphaned = rows.filter(isOrphaned);
  if (!recipient || orphaned.length > 0) return { hasMore: true, orphaned };
  const due = rows.map((row): Due => {
    const kind = kindOf(userId, row);
    return { ...row, kind, mode: recipient.preferences.notifications[kind].email };
  });
  const { address } = recipient;
  const wanted = due.filter((row) => address !== null && isWanted(userId, row, isConnected));
  const [delayed] = wanted.filter(({ mode }) => mode === 'delayed');
  const chosen = delayed ? [delayed] : wanted;
  const unwanted = due.filter((row) => !wanted.includes(row));
  await deletePending(ctx, userId, [...unwanted, ...chosen]);
  if (!address || chosen.length === 0) return { hasMore: true };
  const conversations = await selectUnsent(ctx, userId, chosen);
  if (conversations.length === 0) return { hasMore: true };
  const notification = { isDigest: !delayed, conversations };
  const key = `${newId('evt')}.notification`;
  await recordDelivery(ctx, { key, recipient: address, userId, notification });
  return { hasMore: true, claimed: { key, recipient, address, notification } };
}

/** The customer of the conversation, or active staff. */
const canReceive = ({ userId, isActive, isStaff }: NotifiedUser, row: PendingRow) =>
  row.customerId === userId ? isActive : isStaff;

function kindOf(userId: Id<'usr'>, { customerId, assigneeId }: PendingRow): NotificationKind {
  if (customerId === userId) return 'messages';
  return assigneeId === userId ? 'assigned' : 'unassigned';
}

/** Connected staff gets no email. */
const isWanted = (userId: Id<'usr'>, { mode, customerId }: Due, isConnected: boolean) =>
  mode !== 'off' && (customerId === userId || !isConnected);

export async function deletePending(
  { tx, tenantId }: TenantContext,
  userId: Id<'usr'>,
  rows: readonly Pick<PendingRow, 'conversationId'>[],
) {
  if (rows.length === 0) return;
  const uuids = rows.map(({ conversationId }) => toUuid(conversationId));
  await tx.execute(sql`
    delete from pending_notifications where tenant_id = ${toUuid(tenantId)}::uuid
      and user_id = ${toUuid(userId)}::uuid and conversation_id = any(${sql.param(uuids)}::uuid[])`);
}

async function recordDelivery(
  ctx: TenantContext,
  delivery: Required<
    Pick<typeof emailDeliveries.$inferInsert, 'key' | 'recipient' | 'userId' | 'notification'>
  >,
) {
  await consumeEmailQuota(ctx, delivery.recipient);
  await ctx.tx.insert(emailDeliveries).values({ tenantId: ctx.tenantId, ...delivery });
}
