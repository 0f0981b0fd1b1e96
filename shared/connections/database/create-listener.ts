import { connect } from './connect.ts';

const TIMEOUT_MS = 5_000;

/** Notifications of one channel. */
export interface ListenerOptions {
  channel: string;
  onNotification(payload: string): void;
  /** Called at each (re)connection: earlier notifications are lost. */
  onListening(): void;
}

/** Builds a connection that listens once started; it reconnects by itself. */
export function createListener(
  url: string,
  { channel, onNotification, onListening }: ListenerOptions,
) {
  const sql = connect(url, { timeoutMs: TIMEOUT_MS });
  return {
    async start(): Promise<void> {
      await sql.listen(channel, onNotification, onListening);
    },
    close: () => sql.end({ timeout: 1 }),
  };
}

export type Listener = ReturnType<typeof createListener>;
