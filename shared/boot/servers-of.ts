import type { Config } from '@insightdesk/shared/config';
import { readServer as readPostgres } from '@insightdesk/shared/database';
import { withTimeout } from '@insightdesk/shared/promises';
import { readServer as readValkey, type ServerFigures } from '@insightdesk/shared/valkey';
import type { Parts } from './parts.ts';

const WAIT_MS = 2_000;

/** Asks the servers about themselves. */
export interface Servers {
  postgres: () => ReturnType<typeof readPostgres>;
  /** Of each that is a server of its own, by what it is for; what does not answer is left out. */
  valkeys: () => Promise<Record<string, ServerFigures>>;
}

/** Names the servers that a service knows. */
export function serversOf({ valkey: urls }: Pick<Config, 'valkey'>, parts: Parts): Servers {
  const valkeys = () => [
    ['main', parts.valkey] as const,
    ...(urls.cacheUrl === urls.url ? [] : [['cache', parts.cacheConnections.valkey] as const]),
    ...(urls.queueUrl === urls.url ? [] : [['queue', parts.queueValkey] as const]),
    ...(urls.sessionUrl === urls.url ? [] : [['sessions', parts.sessionValkey.valkey] as const]),
  ];
  return {
    postgres: () => readPostgres(parts.database),
    async valkeys() {
      const asked = valkeys().map(async ([name, valkey]) => [
        name,
        await withTimeout(readValkey(valkey), WAIT_MS),
      ]);
      const answers = await Promise.allSettled(asked);
      return Object.fromEntries(
        answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
      );
    },
  };
}
