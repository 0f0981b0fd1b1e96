import { connect } from './connect.ts';

const TIMEOUT_MS = 5_000;

/** What a process hears of one channel of PostgreSQL's. */
export interface Listening {
  channel: string;
  hear(payload: string): void;
  /** It listens, again perhaps: what was said before was not heard. */
  onListening(): void;
}

/** A connection that listens, once it is started, and comes back by itself. */
export function createListener(url: string, { channel, hear, onListening }: Listening) {
  const sql = connect(url, { timeoutMs: TIMEOUT_MS });
  return {
    async start(): Promise<void> {
      await sql.listen(channel, hear, onListening);
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

export type Listener = ReturnType<typeof createListener>;
