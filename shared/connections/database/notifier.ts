/** Sends NOTIFY on the channel; returns at once. */
export type Notify = (channel: string) => void;

/** Every notification wakes all listeners of the database: those within this time become one. */
const COALESCE_MS = 5;
/** A notification does not wait for the disk. */
const SEND = `select set_config('synchronous_commit', 'off', true), pg_notify($1, '')`;

/**
 * Sends the first notification at once; requests until shortly after it was answered are coalesced
 * into one more. A lost one is not repeated.
 */
export function createNotifier(
  send: (query: string, parameters: readonly string[]) => Promise<unknown>,
  pause: () => Promise<unknown> = () => Bun.sleep(COALESCE_MS),
): Notify {
  const isRequestedAgain = new Map<string, boolean>();

  async function notify(channel: string): Promise<void> {
    try {
      do {
        isRequestedAgain.set(channel, false);
        await send(SEND, [channel]);
        await pause();
      } while (isRequestedAgain.get(channel));
    } catch {
      // Listeners also poll.
    } finally {
      // In the same turn as the last check: a request in between would be lost.
      isRequestedAgain.delete(channel);
    }
  }

  return (channel) => {
    if (isRequestedAgain.has(channel)) {
      isRequestedAgain.set(channel, true);
      return;
    }
    void notify(channel);
  };
}
