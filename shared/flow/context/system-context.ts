import type { Id } from '@insightdesk/shared/contract';
import type { Context } from './context.ts';

/** The context of work that the system does for a tenant, such as a job. */
export function systemContext(
  ctx: Context,
  name: string,
  run: { tenantId: Id<'org'>; requestId: string },
): Context & { tenantId: Id<'org'> } {
  return {
    ...ctx,
    actor: { kind: 'system', name },
    tenantId: run.tenantId,
    requestId: run.requestId,
  };
}
