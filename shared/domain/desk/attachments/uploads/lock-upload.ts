import type { Context, MemberContext, MemberTenantContext } from '@insightdesk/shared/context';
import { withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm';
import { AttachmentErrors } from '../errors.ts';
import { isOwnUpload } from './own-upload.ts';
import { uploads } from '../tables.ts';

/** Who has not said for so long that it is alive has lost the upload. */
const HELD = sql`now() + interval '10 seconds'`;
const RENEW_MS = 1_000;
const LOOK_MS = 100;
const PATIENCE_MS = 15_000;

export interface UploadLock {
  release(): Promise<void>;
}

interface Wanted {
  id: Id<'att'>;
  /** Names this request; parts are added by who holds the upload alone. */
  holder: string;
  signal: AbortSignal;
  /** Somebody else waits for it. */
  onWanted: () => void;
}

/**
 * Makes the request the only one of all replicas that may go on with an upload; who holds it is
 * asked to let go, and loses it when it is dead. Throws 409 UPLOAD_TAKEN_OVER when it does neither.
 */
export async function lockUpload(
  ctx: Context,
  { id, holder, signal, onWanted }: Wanted,
): Promise<UploadLock> {
  const member = requireMember(ctx);
  const end = performance.now() + PATIENCE_MS;
  while (!(await take(member, id, holder))) {
    signal.throwIfAborted();
    if (performance.now() > end) throw AttachmentErrors.TakenOver();
    await sleep(LOOK_MS + Math.random() * LOOK_MS, signal);
  }
  let asking = Promise.resolve();
  const timer = setInterval(() => {
    asking = asking
      .then(() => renew(member, id, holder))
      .then(
        (isWanted) => isWanted && onWanted(),
        () => undefined,
      ) as Promise<void>;
  }, RENEW_MS);
  return {
    async release() {
      clearInterval(timer);
      await asking;
      await change(member, holds(id, holder), free);
    },
  };
}

const free = { lockedBy: null, lockedUntil: null, releaseWanted: false };

type Where = (ctx: MemberTenantContext) => ReturnType<typeof and>;
type Change = Parameters<ReturnType<MemberTenantContext['tx']['update']>['set']>[0];

const holds =
  (id: Id<'att'>, holder: string): Where =>
  (ctx) =>
    and(isOwnUpload(ctx, id), eq(uploads.lockedBy, holder));

/** True also when there is no such upload: there is nothing to hold. */
async function take(ctx: MemberContext, id: Id<'att'>, holder: string): Promise<boolean> {
  return withTenant(ctx, async (tenant) => {
    const isFree = or(
      isNull(uploads.lockedBy),
      isNull(uploads.lockedUntil),
      lt(uploads.lockedUntil, sql`now()`),
    );
    const held = await tenant.tx
      .update(uploads)
      .set({ lockedBy: holder, lockedUntil: HELD, releaseWanted: false } as Change)
      .where(and(isOwnUpload(tenant, id), isFree))
      .returning({ id: uploads.id });
    if (held.length > 0) return true;
    const known = await tenant.tx
      .update(uploads)
      .set({ releaseWanted: true })
      .where(isOwnUpload(tenant, id))
      .returning({ id: uploads.id });
    return known.length === 0;
  });
}

async function renew(ctx: MemberContext, id: Id<'att'>, holder: string): Promise<boolean> {
  const [row] = await change(ctx, holds(id, holder), { lockedUntil: HELD } as Change);
  return row?.releaseWanted ?? false;
}

const change = (ctx: MemberContext, where: Where, values: Change) =>
  withTenant(ctx, (tenant) =>
    tenant.tx
      .update(uploads)
      .set(values as never)
      .where(where(tenant))
      .returning({ releaseWanted: uploads.releaseWanted }),
  );

function requireMember(ctx: Context): MemberContext {
  const { actor, tenantId } = ctx;
  if (!isMember(actor) || !tenantId) throw new UnauthenticatedError();
  return { ...ctx, actor, tenantId };
}
