import type { Actor, CallContext, Connections, MemberContext } from '@insightdesk/shared/context';
import { UnauthenticatedError } from '@insightdesk/shared/errors';
import type { Caller, HttpEnv, Names } from '@insightdesk/shared/http';
import type { Context as HttpContext, MiddlewareHandler } from 'hono';

/** Who a request to the API speaks for. */
export interface ApiCaller extends Caller {
  tenantId: MemberContext['tenantId'];
  actor: MemberContext['actor'];
}

export type ApiEnv = HttpEnv<ApiCaller>;

const nobody: Actor = { kind: 'anonymous' };

/** Reads an access token or an API key; throws 401 when it is not good. */
export function identifyBy(tokens: Connections['tokens']) {
  return async (token: string): Promise<ApiCaller> => {
    const { tenantId, userId, role, sessionId, grant, operator } = await tokens.verifyAccess(token);
    const name = grant?.via === 'key' ? grant.id : userId;
    return { name, tenantId, actor: { kind: 'user', userId, role, sessionId, grant, operator } };
  };
}

/** By which names the limits count a caller; an API key is counted instead of a person. */
export const namesOf = ({ name, tenantId, actor }: ApiCaller): Names => ({
  user: name,
  ...(actor.grant?.via === 'key' && { key: name }),
  organization: tenantId,
});

/** Turns strangers away before their body is read. */
export const membersOnly: MiddlewareHandler<ApiEnv> = (c, next) => {
  if (!c.get('caller')) throw new UnauthenticatedError();
  return next();
};

/** Who, for which tenant, from where. */
export function callContext(c: HttpContext<ApiEnv>): CallContext {
  const caller = c.get('caller');
  const userAgent = c.req.header('User-Agent');
  return {
    actor: caller?.actor ?? nobody,
    tenantId: caller?.tenantId,
    requestId: c.get('requestId'),
    ip: c.get('address'),
    ...(userAgent !== undefined && { userAgent }),
  };
}
