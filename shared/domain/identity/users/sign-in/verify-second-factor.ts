import { type Context, readTenant, type UserContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import {
  FactorErrors,
  findFactors,
  hasSecondFactor,
  verifyCode,
} from '@insightdesk/shared/domain/identity/mfa';
import { and, eq } from 'drizzle-orm';
import { UserErrors } from '../errors.ts';
import { createSession, type SessionAuthentication, type SessionSubject } from '../sessions/create-session.ts';
import { sessions } from '../tables.ts';

/** How somebody came in: every door is one of these, and each asks for what guards the person. */
export type AuthMethod =
  | { by: 'password'; code: string | undefined }
  | { by: 'passkey'; passkeyId: Id<'pky'> }
  | { by: 'provider'; providerId: Id<'idp'>; assuresTwoFactor: boolean; code: string | undefined };

/**
 * What a session that follows the caller's in another organisation may claim: the same. Whom one
 * organisation's provider vouches for is let into that organisation only: 403 PROVIDER_SESSION.
 */
export async function inheritAmr(ctx: UserContext): Promise<SessionAuthentication> {
  const { tenantId, actor } = ctx;
  const [session] = await readTenant(ctx, ({ tx }) =>
    tx
      .select({ factorId: sessions.factorId, providerId: sessions.providerId })
      .from(sessions)
      .where(and(eq(sessions.tenantId, tenantId), eq(sessions.id, actor.sessionId)))
      .execute(),
  );
  if (session?.providerId) throw UserErrors.ProviderSession();
  return { factorId: session?.factorId ?? undefined };
}

/** Lets a person in whose first proof was good: asks for the second, and opens the session. */
export async function signIn(ctx: Context, subject: SessionSubject, door: AuthMethod) {
  return createSession(ctx, { ...subject, ...(await verifySecondFactor(ctx, subject.userId, door)) });
}

/**
 * What a session may claim; uses the code up. Throws 401 TWO_FACTOR_REQUIRED when one is missing, 422
 * when there is nothing to check it against. Never inside a transaction: a wrong code must count.
 */
export async function verifySecondFactor(ctx: Context, userId: Id<'usr'>, door: AuthMethod): Promise<SessionAuthentication> {
  // A passkey is something one has, opened by something one knows or is: two factors by itself.
  if (door.by === 'passkey') return { factorId: toUuid(door.passkeyId) };
  const provider = door.by === 'provider' ? { providerId: door.providerId } : {};
  if (door.by === 'provider' && door.assuresTwoFactor) {
    if (door.code !== undefined) throw FactorErrors.NotExpected();
    return { ...provider, factorId: toUuid(door.providerId) };
  }
  const factors = await findFactors(ctx, userId);
  if (!hasSecondFactor(factors)) {
    if (door.code !== undefined) throw FactorErrors.NotExpected();
    return provider;
  }
  if (door.code === undefined) throw FactorErrors.Required();
  await verifyCode(ctx, userId, door.code);
  return { ...provider, factorId: toUuid(factors.totpId ?? userId) };
}
