import type { Id } from '@insightdesk/shared/contract';
import { ForbiddenError } from '@insightdesk/shared/errors';
import type { CallContext, Context } from './context.ts';

/** The context of work by the system, such as a job, for a tenant or for none. */
export function systemContext<T extends Id<'org'> | undefined>(
  ctx: Omit<Context, keyof CallContext>,
  name: string,
  run: { tenantId: T; requestId: string },
): Context & { tenantId: T } {
  return {
    ...ctx,
    actor: { kind: 'system', name },
    tenantId: run.tenantId,
    requestId: run.requestId,
  };
}

/** Throws 403 unless the system acts, such as a command of an operator. */
export function requireSystem({ actor }: Context): void {
  if (actor.kind !== 'system') throw new ForbiddenError();
}
