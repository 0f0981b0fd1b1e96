import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type CommandApp, runCommand } from '@insightdesk/shared/boot';
import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { recordOperatorAct } from '@insightdesk/shared/domain/tenancy/audit';

/** Whether the variables of a service are set here, as in its container. */
export const isInstalled = () => Boolean(process.env.DATABASE_URL || process.env.SECRETS_DIRECTORY);

/** The variables of the services; without them, those of the stack that runs on this machine. */
export async function loadEnvironment(): Promise<Record<string, string | undefined>> {
  if (isInstalled()) return process.env;
  // An image contains no local stack; the configuration then reports what is missing.
  if (!existsSync(join(import.meta.dir, '../../tools/stack'))) return process.env;
  const { loadStackEnvironment } = await import('../../tools/stack/load-stack-environment.ts');
  return { ...loadStackEnvironment(), ...process.env };
}

/** Runs the work of a command, with the container of a service. */
export async function runAsOperator<T>(work: (app: CommandApp) => Promise<T>): Promise<T> {
  return runCommand('desk', work, await loadEnvironment());
}

/** The context of an operator's action: the system actor, in one organization or none. */
export const operatorContext = <T extends Id<'org'> | undefined>(
  { container, log }: Pick<CommandApp, 'container' | 'log'>,
  tenantId: T,
) =>
  systemContext({ ...container.connections, log }, 'desk', {
    tenantId,
    requestId: Bun.randomUUIDv7(),
  });

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
  return recordOperatorAct(operatorContext(app, tenantId), { act, target, by: accountName() });
}

/** The account before sudo, if there was one. */
export function accountName(): string | undefined {
  try {
    return process.env.SUDO_USER ?? userInfo().username;
  } catch {
    return undefined; // a container's account need not have a name
  }
}
