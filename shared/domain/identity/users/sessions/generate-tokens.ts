import type { Context } from '@insightdesk/shared/context';
import type { Id, Role } from '@insightdesk/shared/contract';
import { findPermissionRestriction } from './find-permission-restriction.ts';

export interface SessionSubject {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  role: Role;
  /** The identity provider that authenticated the user, if one did. */
  providerId?: Id<'idp'> | null | undefined;
  /** Whether a method of customer sign-in created it. */
  isContact?: boolean | undefined;
}

/** When a session expires unless it is refreshed. */
export const sessionExpiry = (ctx: Context) =>
  new Date(Date.now() + ctx.settings.refreshTtlSeconds * 1000);

/** Signs the token pair of one generation of a session; the refresh token is deterministic. */
export async function generateTokens(
  ctx: Context,
  { tenantId, userId, role, providerId, isContact }: SessionSubject,
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
    providerId: providerId ?? undefined,
    isContact,
  });
  return {
    accessToken: access.token,
    refreshToken: ctx.security.tokenCodec.encode('refresh', [
      tenantId,
      sessionId,
      String(generation),
    ]),
    expiresIn: access.expiresIn,
  };
}
