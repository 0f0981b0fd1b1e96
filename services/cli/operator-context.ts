import type { CommandApp } from '@insightdesk/shared/boot';
import { systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';

/** In which an operator acts: as the system, in an organisation or in none. */
export const operatorContext = <T extends Id<'org'> | undefined>(
  { parts, log }: Pick<CommandApp, 'parts' | 'log'>,
  tenantId: T,
) =>
  systemContext({ ...parts.connections, log }, 'desk', {
    tenantId,
    requestId: Bun.randomUUIDv7(),
  });
