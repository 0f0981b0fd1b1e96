import type { Context } from '@insightdesk/shared/context';

/** An access token for the user of a context. */
export async function accessTokenOf({ security, tenantId, actor }: Context): Promise<string> {
  if (actor.kind !== 'user' || !tenantId) throw new Error('The context has no user');
  const { userId, sessionId, role, restriction } = actor;
  const claims = { tenantId, userId, sessionId, role, restriction };
  return (await security.tokens.signAccess(claims)).token;
}
