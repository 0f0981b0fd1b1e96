import { readTenant, type UserContext } from '@insightdesk/shared/context';
import { and, eq } from 'drizzle-orm';
import type { SessionAuthentication } from '../sessions/create-session.ts';
import { sessions } from '../sessions/tables.ts';
import { SignInErrors } from './errors.ts';

/**
 * The authentication methods (RFC 8176, `amr`) of the caller's session, for a new session in another
 * organization. Throws 403 PROVIDER_SESSION for a session of an identity provider, which is limited
 * to its organization.
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
  if (session?.providerId) throw SignInErrors.ProviderSession();
  return { factorId: session?.factorId ?? undefined };
}
