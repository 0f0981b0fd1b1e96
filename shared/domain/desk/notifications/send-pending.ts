import { type Context, type TenantContext, withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { AppError, isRetryable } from '@insightdesk/shared/errors';
import type { JobRun } from '@insightdesk/shared/jobs';
import { and, gt, isNull, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { addPending, jobsForDue } from './add-pending.ts';
import { type Claimed, claimNotification, deletePending } from './claim-notification.ts';
import { notificationEmail } from './content/notification-email.ts';
import { countOverQuota } from './email-quota.ts';
import { findRecipient } from './find-recipient.ts';
import type { emailPending } from './jobs.ts';
import { listOfflineStaffIds } from './notify-recipients.ts';
import type { PendingRow } from './read-pending.ts';
import { completeDelivery } from './send-once.ts';
import { emailDeliveries } from './tables.ts';

type Run = Pick<JobRun, 'tenantId' | 'requestId' | 'enqueue' | 'log'>;

/** Emails of one run; the job that finds overdue ones enqueues the rest. */
const MAX_EMAILS = 200;
/** A notification that quotas delay for longer is given up. */
const MAX_AGE = '3 days';
/** Emails that wait for a quota are spread over this time after it is reset. */
const SPREAD_SECONDS = 1_800;

/** Sends the emails of a user that are due, first those that an earlier run recorded but did not complete. */
export async function sendPending(
  ctx: Context,
  { userId, dueAt }: z.output<typeof emailPending.payload>,
  run: Run,
): Promise<void> {
  for (const claimed of await listUnsent(ctx, userId)) await deliver(ctx, claimed, 'unknown');
  const connected = await ctx.realtime.presence.connectedUsers(run.tenantId);
  const options = {
    dueAt: dueAt ? new Date(dueAt) : undefined,
    isConnected: connected.has(userId),
  };
  try {
    for (let n = 0; n < MAX_EMAILS; n++) {
      const { hasMore, claimed, orphaned } = await withTenant(ctx, (tenant) =>
        claimNotification(tenant, userId, options),
      );
      if (!hasMore) return;
      if (orphaned) await reassign(ctx, userId, orphaned, run);
      if (claimed) await deliver(ctx, claimed, 'new');
    }
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'QUOTA_EXCEEDED')) throw error;
    await postpone(ctx, userId, error, run);
  }
}

async function deliver(ctx: Context, claimed: Claimed, state: 'new' | 'unknown'): Promise<void> {
  const email = await withTenant(ctx, (tenant) => notificationEmail(tenant, claimed));
  try {
    if (email) await completeDelivery(ctx, claimed.key, email, state);
    else await markFailed(ctx, claimed.key);
  } catch (error) {
    if (error instanceof AppError && !isRetryable(error)) await markFailed(ctx, claimed.key);
    throw error;
  }
}

const markFailed = (ctx: Context, key: string) =>
  withTenant(ctx, ({ tx, tenantId }) =>
    tx
      .update(emailDeliveries)
      .set({ failedAt: new Date() })
      .where(matches(emailDeliveries, { tenantId, key })),
  );

/** The emails of the user that were recorded, but perhaps not sent because the worker was killed. */
const listUnsent = (ctx: Context, userId: Id<'usr'>): Promise<Claimed[]> =>
  withTenant(ctx, async (tenant) => {
    const { tx, tenantId } = tenant;
    const rows = await tx
      .select()
      .from(emailDeliveries)
      .where(
        and(
          matches(emailDeliveries, { tenantId, userId }),
          isNull(emailDeliveries.sentAt),
          isNull(emailDeliveries.failedAt),
          gt(emailDeliveries.createdAt, sql`now() - interval '1 day'`),
        ),
      )
      .orderBy(emailDeliveries.createdAt)
      .limit(MAX_EMAILS);
    if (rows.length === 0) return [];
    const recipient = await findRecipient(tenant, userId);
    if (!recipient) return [];
    return rows.flatMap(({ key, recipient: address, notification }) =>
      notification ? [{ key, recipient, address, notification }] : [],
    );
  });

/**
 * The messages go to those who read the conversations now: to the contact that a customer was merged
 * into, or to other staff that is offline.
 */
async function reassign(ctx: Context, userId: Id<'usr'>, rows: PendingRow[], run: Run) {
  const staff = await listOfflineStaffIds(ctx, run.tenantId, userId, null);
  const due = await withTenant(ctx, async (tenant) => {
    const recipient = await findRecipient(tenant, userId);
    const successors = ({ customerId }: PendingRow) => {
      if (customerId === userId) return [];
      return recipient?.mergedInto === customerId ? [customerId] : staff;
    };
    const dueAt = new Date();
    const entries = rows.flatMap((row) =>
      successors(row).map((successor) => ({ ...row, userId: successor, dueAt })),
    );
    await deletePending(tenant, userId, rows);
    return addPending(tenant, entries);
  });
  await run.enqueue(jobsForDue(run, due));
}

/** Notifications beyond a quota stay pending until it is reset, for some days. */
async function postpone(ctx: Context, userId: Id<'usr'>, error: AppError, run: Run) {
  await countOverQuota(ctx);
  const retryAfter = Number(retryAfterOf(error) ?? 3_600);
  const waitSeconds = Math.min(retryAfter, 86_400) + Math.floor(Math.random() * SPREAD_SECONDS);
  const { postponed, dropped } = await withTenant(ctx, (tenant) =>
    moveDue(tenant, userId, waitSeconds),
  );
  const at = new Date(Date.now() + waitSeconds * 1_000).toISOString();
  await run.log(`Not sent: ${error.message}; ${postponed} conversations wait until ${at}`);
  if (dropped > 0) await run.log(`Given up after ${MAX_AGE}: ${dropped} conversations`);
}

const retryAfterOf = (error: AppError): string | undefined =>
  (error as { headers?: Record<string, string> }).headers?.['Retry-After'];

async function moveDue({ tx, tenantId }: TenantContext, userId: Id<'usr'>, waitSeconds: number) {
  const isDue = sql`tenant_id = ${toUuid(tenantId)}::uuid and user_id = ${toUuid(userId)}::uuid
    and due_at <= now() + interval '1 second'`;
  const dropped = await tx.execute(sql`
    delete from pending_notifications
    where ${isDue} and created_at < now() - ${MAX_AGE}::interval returning 1`);
  const postponed = await tx.execute(sql`
    update pending_notifications set due_at = now() + make_interval(secs => ${waitSeconds}::int)
    where ${isDue} returning 1`);
  return { postponed: postponed.length, dropped: dropped.length };
}
