import { addContext } from '@insightdesk/shared/logging';
import type { Context, Next } from 'hono';
import type { Caller, HttpEnv } from './http-env.ts';

/** Waits for the caller, sets it on the request and the log context, and continues. */
export async function withCaller<C extends Caller>(
  c: Context<HttpEnv<C>>,
  next: Next,
  authenticated: Promise<C>,
): Promise<void> {
  const caller = await authenticated;
  c.set('caller', caller);
  addContext({ tenantId: caller.tenantId, actor: caller.name });
  await next();
}
