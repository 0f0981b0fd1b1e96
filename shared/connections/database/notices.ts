/** Wakes whoever listens on the channel; returns at once. */
export type Notify = (channel: string) => void;

/**
 * Each wakes every listener of the database, and those they wake find little: while many write, what
 * comes within so long is told together.
 */
const PAUSE_MS = 5;
/** Nobody waits for a disk on account of a notice. */
const SEND = `select set_config('synchronous_commit', 'off', true), pg_notify($1, '')`;

/**
 * Sends the first notice at once; all that are asked for until a moment after it was heard are one
 * more. A lost one is not sent again.
 */
export function createNotices(
  send: (query: string, parameters: readonly string[]) => Promise<unknown>,
  pause: () => Promise<unknown> = () => Bun.sleep(PAUSE_MS),
): Notify {
  const isAskedAgain = new Map<string, boolean>();

  async function notify(channel: string): Promise<void> {
    try {
      do {
        isAskedAgain.set(channel, false);
        await send(SEND, [channel]);
        await pause();
      } while (isAskedAgain.get(channel));
    } catch {
      // Listeners look by themselves too.
    } finally {
      // In the same turn as the last look: whoever asks in between would be forgotten.
      isAskedAgain.delete(channel);
    }
  }

  return (channel) => {
    if (isAskedAgain.has(channel)) {
      isAskedAgain.set(channel, true);
      return;
    }
    void notify(channel);
  };
}
