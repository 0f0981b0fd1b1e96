import {
  type Context,
  isMember,
  type MemberContext,
  type MemberTenantContext,
  withTenant,
} from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm';
import { isOwnUpload } from '../attachment-visibility.ts';
import { AttachmentErrors } from '../errors.ts';
import { uploads } from '../tables.ts';

/** A holder that does not renew the lock for this long loses it. */
const LOCK_EXPIRY = sql`now() + interval '10 seconds'`;
const RENEW_MS = 1_000;
const POLL_MS = 100;
const TIMEOUT_MS = 15_000;

export interface UploadLock {
  release(): Promise<void>;
}

interface LockRequest {
  id: Id<'att'>;
  /** Identifies this request; only the holder may append parts. */
  holder: string;
  signal: AbortSignal;
  /** Called when another request waits for the lock. */
  onReleaseRequested: () => void;
}

/**
 * Locks an upload for one request across all replicas. The current holder is asked to release the
 * lock and loses it when it is dead. Throws 409 UPLOAD_TAKEN_OVER after 15 seconds without the lock.
 */
export async function lockUpload(
  ctx: Context,
  { id, holder, signal, onReleaseRequested }: LockRequest,
): Promise<UploadLock> {
  const member = requireMember(ctx);
  const deadline = performance.now() + TIMEOUT_MS;
  while (!(await tryLock(member, id, holder))) {
    signal.throwIfAborted();
    if (performance.now() > deadline) throw AttachmentErrors.TakenOver();
    await sleep(POLL_MS + Math.random() * POLL_MS, signal);
  }
  let renewing = Promise.resolve();
  const timer = setInterval(() => {
    renewing = renewing
      .then(() => renewLock(member, id, holder))
      .then(
        (isRequested) => isRequested && onReleaseRequested(),
        () => undefined,
      ) as Promise<void>;
  }, RENEW_MS);
  return {
    async release() {
      clearInterval(timer);
      await renewing;
      await updateLock(member, { id, holder }, unlocked);
    },
  };
}

const unlocked = { lockedBy: null, lockedUntil: null, releaseRequested: false };

type Change = Parameters<ReturnType<MemberTenantContext['tx']['update']>['set']>[0];

/** Also true when the upload does not exist: there is nothing to lock. */
async function tryLock(ctx: MemberContext, id: Id<'att'>, holder: string): Promise<boolean> {
  return withTenant(ctx, async (tenant) => {
    const isFree = or(
      isNull(uploads.lockedBy),
      isNull(uploads.lockedUntil),
      lt(uploads.lockedUntil, sql`now()`),
    );
    const locked = await tenant.tx
      .update(uploads)
      .set({ lockedBy: holder, lockedUntil: LOCK_EXPIRY, releaseRequested: false } as Change)
      .where(and(isOwnUpload(tenant, id), isFree))
      .returning({ id: uploads.id });
    if (locked.length > 0) return true;
    const existing = await tenant.tx
      .update(uploads)
      .set({ releaseRequested: true })
      .where(isOwnUpload(tenant, id))
      .returning({ id: uploads.id });
    return existing.length === 0;
  });
}

/** Whether another request waits for the lock. */
async function renewLock(ctx: MemberContext, id: Id<'att'>, holder: string): Promise<boolean> {
  const [row] = await updateLock(ctx, { id, holder }, { lockedUntil: LOCK_EXPIRY } as Change);
  return row?.releaseRequested ?? false;
}

const updateLock = (
  ctx: MemberContext,
  { id, holder }: Pick<LockRequest, 'id' | 'holder'>,
  values: Change,
) =>
  withTenant(ctx, (tenant) =>
    tenant.tx
      .update(uploads)
      .set(values as never)
      .where(and(isOwnUpload(tenant, id), eq(uploads.lockedBy, holder)))
      .returning({ releaseRequested: uploads.releaseRequested }),
  );

function requireMember(ctx: Context): MemberContext {
  const { actor, tenantId } = ctx;
  if (!isMember(actor) || !tenantId) throw new UnauthenticatedError();
  return { ...ctx, actor, tenantId };
}
