import type { CommandApp } from '@insightdesk/shared/boot';
import type { Id } from '@insightdesk/shared/contract';

/** In which an operator acts: as the system, in an organisation or in none. */
export const operatorContext = <T extends Id<'org'> | undefined>(
  { parts, log }: Pick<CommandApp, 'parts' | 'log'>,
  tenantId: T,
) => ({
  ...parts.connections,
  log,
  actor: { kind: 'system', name: 'desk' } as const,
  tenantId,
  requestId: Bun.randomUUIDv7(),
});
