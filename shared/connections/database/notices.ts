/** Wakes whoever listens on the channel; returns at once. */
export type Notify = (channel: string) => void;

/** In the order of its parts; nobody waits for a disk on account of a notice. */
const SEND = `select set_config('synchronous_commit', 'off', true), pg_notify($1, '')`;

/** Sends notices one at a time; all that are asked for meanwhile are one more. A lost one is not sent again. */
export function createNotices(
  send: (query: string, parameters: readonly string[]) => Promise<unknown>,
): Notify {
  const isAskedAgain = new Map<string, boolean>();

  async function notify(channel: string): Promise<void> {
    do {
      isAskedAgain.set(channel, false);
      await send(SEND, [channel]);
    } while (isAskedAgain.get(channel));
  }

  return (channel) => {
    if (isAskedAgain.has(channel)) {
      isAskedAgain.set(channel, true);
      return;
    }
    notify(channel)
      .catch(() => {})
      .finally(() => isAskedAgain.delete(channel));
  };
}
