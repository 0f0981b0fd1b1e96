import { type Context, readTenant, type UserContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import {
  FactorErrors,
  findFactors,
  hasSecondFactor,
  verifyCode,
} from '@insightdesk/shared/domain/identity/mfa';
import type { SessionAuthentication } from '../sessions/create-session.ts';
import { sessions } from '../sessions/tables.ts';

/** How a user authenticates, with the code of their second factor. */
type AuthMethod =
  | { by: 'password'; code: string | undefined }
  | { by: 'passkey'; passkeyId: Id<'pky'> }
  | { by: 'provider'; providerId: Id<'idp'>; assuresTwoFactor: boolean; code: string | undefined };

/**
 * Verifies the second factor and consumes its code; returns what the new session records. Throws 401
 * TWO_FACTOR_REQUIRED without a required code, and 422 for a code that nothing can verify. Must not
 * run inside a transaction: a rollback would not count a wrong code.
 */
export async function verifySecondFactor(
  ctx: Context,
  userId: Id<'usr'>,
  method: AuthMethod,
): Promise<SessionAuthentication> {
  // A passkey with user verification is two factors: possession, and knowledge or inherence.
  if (method.by === 'passkey') return { factorId: toUuid(method.passkeyId) };
  const provider = method.by === 'provider' ? { providerId: method.providerId } : {};
  if (method.by === 'provider' && method.assuresTwoFactor) {
    if (method.code !== undefined) throw FactorErrors.NotExpected();
    return { ...provider, factorId: toUuid(method.providerId) };
  }
  const factors = await findFactors(ctx, userId);
  if (!hasSecondFactor(factors)) {
    if (method.code !== undefined) throw FactorErrors.NotExpected();
    return provider;
  }
  if (method.code === undefined) throw FactorErrors.Required();
  await verifyCode(ctx, userId, method.code);
  return { ...provider, factorId: toUuid(factors.totpId ?? userId) };
}

/**
 * The authentication methods (RFC 8176, `amr`) of the caller's session, for a new session in another
 * organization.
 */
export async function inheritAmr(ctx: UserContext): Promise<SessionAuthentication> {
  const { tenantId, actor } = ctx;
  const [session] = await readTenant(ctx, ({ tx }) =>
    tx
      .select({ factorId: sessions.factorId })
      .from(sessions)
      .where(matches(sessions, { tenantId, id: actor.sessionId }))
      .execute(),
  );
  return { factorId: session?.factorId ?? undefined };
}
