import { UnavailableError } from '@insightdesk/shared/errors';
import type { FairQueue } from '@insightdesk/shared/promises';

/** For whom a file is processed. */
export interface MediaCaller {
  /** Owners take turns; images of the same owner may share a worker process. */
  owner?: string;
  /** Receives the promise of the turn, to stop the clock of a time limit meanwhile. */
  whileWaiting?: ((turn: Promise<void>) => Promise<void>) | undefined;
  signal?: AbortSignal | undefined;
}

/** Waiting files of one owner; a worker has fewer jobs at a time. */
export const MAX_WAITING = 1_000;

/** Runs `work`, which takes `bytes` on disk, when it is the owner's turn. */
export async function takeTurn<T>(
  queue: FairQueue,
  { owner = '', whileWaiting = (turn) => turn, signal }: MediaCaller,
  bytes: number,
  work: () => Promise<T>,
): Promise<T> {
  const turn = Promise.withResolvers<void>();
  const result = queue(
    owner,
    async () => {
      turn.resolve();
      signal?.throwIfAborted();
      return work();
    },
    bytes,
  );
  if (!result) throw new UnavailableError('Too many files are being processed');
  // The wait may end first, with the reason of an abort.
  result.catch(() => undefined);
  await whileWaiting(turn.promise);
  return result;
}
