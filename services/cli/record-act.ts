import { userInfo } from 'node:os';
import type { CommandApp } from '@insightdesk/shared/boot';
import type { Id } from '@insightdesk/shared/contract';
import { noteAct } from '@insightdesk/shared/domain/tenancy/audit';
import { operatorContext } from './operator-context.ts';

/**
 * Has the audit log say what this command is about to do: that of the organisation which it is done
 * to, else that of the operators, or of nobody when the configuration names none.
 */
export function note(
  app: CommandApp,
  act: string,
  target?: string,
  tenantId: Id<'org'> | undefined = app.config.operators.organizationId,
): Promise<void> {
  return noteAct(operatorContext(app, tenantId), { act, target, by: account() });
}

/** Of whoever became root by sudo, that of before. */
function account(): string | undefined {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return undefined; // a container's account need not have a name
  }
}
