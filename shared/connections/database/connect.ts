import postgres, { type Sql } from 'postgres';

/** A single raw connection with the project's timeouts, for work outside requests: LISTEN, locks, the relay. */
export function connect(
  url: string,
  options: { timeoutMs: number; prepare?: boolean; onclose?: () => void },
): Sql {
  return postgres(url, {
    max: 1,
    // Transactions are plain statements here: a connection that is retired in the middle would abort one.
    max_lifetime: 0,
    prepare: options.prepare ?? true,
    connect_timeout: Math.ceil(options.timeoutMs / 1000),
    backoff: (attempt) => Math.min(0.05 * 2 ** attempt, 2) * (0.5 + Math.random() / 2),
    onnotice: () => {},
    ...(options.onclose && { onclose: options.onclose }),
    connection: {
      application_name: 'insightdesk',
      statement_timeout: options.timeoutMs,
      idle_in_transaction_session_timeout: options.timeoutMs,
    },
  });
}
