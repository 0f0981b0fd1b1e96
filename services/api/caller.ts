import {
  type Actor,
  type CallContext,
  type Connections,
  type MemberContext,
  toActor,
} from '@insightdesk/shared/context';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import type { Caller, HttpEnv, RateLimitKeys } from '@insightdesk/shared/http';
import type { Context as HttpContext, MiddlewareHandler } from 'hono';

/** The authenticated caller of a request. */
export interface ApiCaller extends Caller {
  tenantId: MemberContext['tenantId'];
  actor: MemberContext['actor'];
}

export type ApiEnv = HttpEnv<ApiCaller>;

const anonymous: Actor = { kind: 'anonymous' };

/** Verifies access tokens and API keys; throws 401 for an invalid one. */
export function createTokenVerifier(tokens: Connections['security']['tokens']) {
  return async (token: string): Promise<ApiCaller> => {
    const access = await tokens.verifyAccess(token);
    const name = access.kind === 'apiKey' ? access.keyId : access.userId;
    return { name, tenantId: access.tenantId, actor: toActor(access) };
  };
}

/** The keys that rate limits count a caller by; an API key is counted instead of its user. */
export const rateLimitKeys = ({ name, tenantId, actor }: ApiCaller): RateLimitKeys => ({
  user: name,
  ...(actor.kind === 'apiKey' && { key: name }),
  organization: tenantId,
});

/** 401 without credentials, before the body is read. */
export const requireCaller: MiddlewareHandler<ApiEnv> = (c, next) => {
  if (!c.get('caller')) throw new UnauthenticatedError();
  return next();
};

/** The caller, tenant and origin of a request. */
export function callContext(c: HttpContext<ApiEnv>): CallContext {
  const caller = c.get('caller');
  const userAgent = c.req.header('User-Agent');
  return {
    actor: caller?.actor ?? anonymous,
    tenantId: caller?.tenantId,
    requestId: c.get('requestId'),
    ip: c.get('address'),
    ...(userAgent !== undefined && { userAgent }),
  };
}
