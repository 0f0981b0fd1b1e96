import type { Context } from '@insightdesk/shared/context';
import { withTenant } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { sessionCreated } from '../events.ts';
import { findPermissionRestriction } from './find-permission-restriction.ts';
import { sessions } from '../tables.ts';

/** Who a pair of tokens speaks for. */
export interface SessionSubject {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  role: Role;
}

/** What the person proved itself by, besides or in place of a password. */
export interface SessionAuthentication {
  factorId?: string | undefined;
  providerId?: Id<'idp'> | undefined;
}

/** Opens a session in the tenant's transaction and signs its first pair of tokens. */
export function createSession(ctx: Context, subject: SessionSubject & SessionAuthentication) {
  const there = { ...ctx, actor: { kind: 'anonymous' }, tenantId: subject.tenantId } as const;
  return withTenant(there, async (tenant) => {
    const { tx } = tenant;
    const id = newId('ses');
    await tx.insert(sessions).values({
      tenantId: subject.tenantId,
      id,
      userId: subject.userId,
      factorId: subject.factorId ?? null,
      providerId: subject.providerId ?? null,
      expiresAt: sessionExpiry(ctx),
      ip: ctx.ip ?? null,
      userAgent: ctx.userAgent?.slice(0, 300).toWellFormed() ?? null,
    });
    const { userId, role } = subject;
    const actor = { kind: 'user', userId, role, sessionId: id } as const;
    await record({ ...tenant, actor }, sessionCreated, { sessionId: id, userId });
    return generateTokens(tenant, subject, id, 0);
  });
}

/** The end of a session that is not refreshed from now on. */
export const sessionExpiry = (ctx: Context) =>
  new Date(Date.now() + ctx.settings.refreshTtlSeconds * 1000);

/** The pair of tokens of one generation of a session; the refresh token is always the same one. */
export async function generateTokens(
  ctx: Context,
  { tenantId, userId, role }: SessionSubject,
  sessionId: Id<'ses'>,
  generation: number,
) {
  const restriction = await findPermissionRestriction(ctx, { tenantId, userId });
  const access = await ctx.security.tokens.signAccess({
    userId,
    tenantId,
    role,
    sessionId,
    restriction,
  });
  return {
    accessToken: access.token,
    refreshToken: ctx.security.tokenCodec.seal('refresh', [
      tenantId,
      sessionId,
      String(generation),
    ]),
    expiresIn: access.expiresIn,
  };
}
