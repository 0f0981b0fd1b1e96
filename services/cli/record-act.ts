import { userInfo } from 'node:os';
import type { CommandApp } from '@insightdesk/shared/boot';
import type { Id } from '@insightdesk/shared/contract';
import { recordOperatorAct } from '@insightdesk/shared/domain/tenancy/audit';
import { operatorContext } from './operator-context.ts';

/**
 * Records what this command is about to do: in the audit log of the organization it acts on, else in
 * that of the operator organization, or in the chain without an organization if none is configured.
 */
export function recordAct(
  app: CommandApp,
  act: string,
  target?: string,
  tenantId: Id<'org'> | undefined = app.config.operators.organizationId,
): Promise<void> {
  return recordOperatorAct(operatorContext(app, tenantId), { act, target, by: account() });
}

/** The account before sudo, if there was one. */
function account(): string | undefined {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return undefined; // a container's account need not have a name
  }
}
