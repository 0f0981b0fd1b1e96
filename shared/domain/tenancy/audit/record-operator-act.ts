import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { operatorActed } from './events.ts';
import { SYSTEM_TENANT_ID } from './system-tenant-id.ts';

const MAX_LENGTH = 300;

/** A command such as `queues pause`, its target, and the operating system user who runs it. */
export interface OperatorAct {
  act: string;
  target?: string | undefined;
  by?: string | undefined;
}

/**
 * Records what an operator is about to do, in the audit log of the context's organization, or of the
 * system. Call it first, so that nothing happens without an entry.
 */
export async function recordOperatorAct(
  ctx: Context,
  { act, target, by }: OperatorAct,
): Promise<void> {
  const payload = {
    act: act.slice(0, MAX_LENGTH),
    target: target?.slice(0, MAX_LENGTH) ?? null,
    by: by?.slice(0, MAX_LENGTH) ?? null,
  };
  const tenantContext: Context & { tenantId: Id<'org'> } = {
    ...ctx,
    tenantId: ctx.tenantId ?? SYSTEM_TENANT_ID,
  };
  await withTenant(tenantContext, (tenant) => record(tenant, operatorActed, payload));
}
