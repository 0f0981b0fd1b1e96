import { addContext } from '@insightdesk/shared/logging';
import type { Context, Next } from 'hono';
import type { Caller, HttpEnv } from './env.ts';

/** Goes on as whoever it turns out to be. */
export async function identified<C extends Caller>(
  c: Context<HttpEnv<C>>,
  next: Next,
  who: Promise<C>,
): Promise<void> {
  const caller = await who;
  c.set('caller', caller);
  addContext({ tenantId: caller.tenantId, actor: caller.name });
  await next();
}
