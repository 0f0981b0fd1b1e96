import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { newId } from '@insightdesk/shared/utils';
import { deviceOf } from './device.ts';
import { sessionCreated } from './events.ts';
import { generateTokens, type SessionSubject, sessionExpiry } from './generate-tokens.ts';
import { sessions } from './tables.ts';

/** How the user authenticated: the verified second factor, and the identity provider if any. */
export interface SessionAuthentication {
  factorId?: string | undefined;
  providerId?: Id<'idp'> | undefined;
}

/** Creates a session in the tenant's transaction and signs its first pair of tokens. */
export function createSession(ctx: Context, subject: SessionSubject & SessionAuthentication) {
  const anonymous = { ...ctx, actor: { kind: 'anonymous' }, tenantId: subject.tenantId } as const;
  return withTenant(anonymous, async (tenant) => {
    const { tx } = tenant;
    const id = newId('ses');
    await tx.insert(sessions).values({
      tenantId: subject.tenantId,
      id,
      userId: subject.userId,
      factorId: subject.factorId ?? null,
      providerId: subject.providerId ?? null,
      isContact: subject.isContact ?? false,
      expiresAt: sessionExpiry(ctx),
      ...deviceOf(ctx),
    });
    const { userId, role } = subject;
    const actor = { kind: 'user', userId, role, sessionId: id } as const;
    await record({ ...tenant, actor }, sessionCreated, { sessionId: id, userId });
    return generateTokens(tenant, subject, id, 0);
  });
}
