import type { Config } from '@insightdesk/shared/config';
import { loadPostgresStats } from '@insightdesk/shared/database';
import { withTimeout } from '@insightdesk/shared/promises';
import { loadValkeyStats, type ValkeyServerStats } from '@insightdesk/shared/valkey';
import type { AppContainer } from './container.ts';

const TIMEOUT_MS = 2_000;

export type ServerStats = ReturnType<typeof createServerStats>;

/** Builds the readers of the servers that the configuration names. */
export function createServerStats(
  { valkey: urls }: Pick<Config, 'valkey'>,
  container: AppContainer,
) {
  const servers = () => [
    ['main', container.valkey] as const,
    ...(urls.cacheUrl === urls.url ? [] : [['cache', container.cacheConnections.valkey] as const]),
    ...(urls.queueUrl === urls.url ? [] : [['queue', container.queueValkey] as const]),
    ...(urls.sessionUrl === urls.url
      ? []
      : [['sessions', container.sessionValkey.valkey] as const]),
  ];
  return {
    postgres: () => loadPostgresStats(container.database),
    /** By the purpose of each Valkey server; servers that do not answer are left out. */
    async valkey(): Promise<Record<string, ValkeyServerStats>> {
      const results = await Promise.allSettled(
        servers().map(async ([name, valkey]) => [
          name,
          await withTimeout(loadValkeyStats(valkey), TIMEOUT_MS),
        ]),
      );
      return Object.fromEntries(
        results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
      );
    },
  };
}
