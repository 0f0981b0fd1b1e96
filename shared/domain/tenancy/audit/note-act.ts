import { type Context, withTenant } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { operatorActed } from './events.ts';
import { NOWHERE } from './nowhere.ts';

const MOST_LETTERS = 300;

/** What an operator does: `queues pause`, to what, and who it is on the machine that he does it from. */
export interface OperatorAct {
  act: string;
  target?: string | undefined;
  by?: string | undefined;
}

/**
 * Tells the audit log what an operator is about to do, so that nothing is done that is not told: the
 * log of the context's organisation, else the one of what is done outside organisations.
 */
export async function noteAct(ctx: Context, { act, target, by }: OperatorAct): Promise<void> {
  const told = {
    act: act.slice(0, MOST_LETTERS),
    target: target?.slice(0, MOST_LETTERS) ?? null,
    by: by?.slice(0, MOST_LETTERS) ?? null,
  };
  const there: Context & { tenantId: Id<'org'> } = { ...ctx, tenantId: ctx.tenantId ?? NOWHERE };
  await withTenant(there, (tenant) => record(tenant, operatorActed, told));
}
