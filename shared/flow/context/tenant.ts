import type { Id } from '@insightdesk/shared/contract';
import type { ReadOptions, Scope } from '@insightdesk/shared/database';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import { credentialIdOf, isMember } from './actor.ts';
import { authorizationVersionOf } from './can.ts';
import type { Context, TenantContext } from './context.ts';

type Inside<C extends Context> = C & TenantContext;

/** Runs `work` in one read-write transaction of the context's tenant; nested calls join it. */
export function withTenant<C extends Context, T>(
  ctx: C,
  work: (ctx: Inside<C>) => Promise<T>,
): Promise<T> {
  const tenantId = requireTenantId(ctx);
  if (ctx.tx) return work({ ...ctx, tenantId, tx: ctx.tx });
  return ctx.database.write(scopeOf(ctx, tenantId), (tx) => {
    ctx.idempotency?.reserve(tx);
    return work({ ...ctx, tenantId, tx });
  });
}

/**
 * Runs `work` in one read-only transaction that costs one round trip: BEGIN, scope, the queries
 * that `work` issues before its first await, and COMMIT are sent together. A later query throws.
 */
export function readTenant<C extends Context, T>(
  ctx: C,
  work: (ctx: Inside<C>) => Promise<T>,
  options?: ReadOptions,
): Promise<T> {
  const tenantId = requireTenantId(ctx);
  if (ctx.tx) return work({ ...ctx, tenantId, tx: ctx.tx });
  return ctx.database.read(scopeOf(ctx, tenantId), (tx) => work({ ...ctx, tenantId, tx }), options);
}

/**
 * Throws 401 SESSION_ENDED or ACCESS_CHANGED unless the caller's session is live and has the role of
 * the token, and 403 ORGANIZATION_DISABLED while the organization is disabled.
 */
export const requireLiveSession = (ctx: Context): Promise<void> =>
  readTenant(ctx, () => Promise.resolve());

function scopeOf({ actor, duringSetup = false }: Context, tenantId: Id<'org'>): Scope {
  if (!isMember(actor)) return { tenantId };
  const { userId } = actor;
  const sessionId = credentialIdOf(actor);
  return {
    tenantId,
    userId,
    sessionId,
    authorizationVersion: authorizationVersionOf(actor),
    duringSetup,
  };
}

function requireTenantId(ctx: Context) {
  if (!ctx.tenantId) throw new UnauthenticatedError('organizationId is missing');
  return ctx.tenantId;
}
