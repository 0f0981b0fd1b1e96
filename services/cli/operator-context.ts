import type { CommandApp } from '@insightdesk/shared/boot';
import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';

/** The context of an operator's action: the system actor, in one organization or none. */
export const operatorContext = <T extends Id<'org'> | undefined>(
  { container, log }: Pick<CommandApp, 'container' | 'log'>,
  tenantId: T,
) =>
  systemContext({ ...container.connections, log }, 'desk', {
    tenantId,
    requestId: Bun.randomUUIDv7(),
  });
