import { deferred } from '@insightdesk/shared/promises';

/** A batch from when it is told until all that follows is done and it is marked. */
export interface Telling {
  /** Where its events are, while they are not marked. */
  positions: number[];
  done: Promise<void>;
  hasFailed: boolean;
}

interface Batch {
  positions: number[];
  /** Calls `told` as soon as the batch is told, and goes on when that resolves. */
  carryOut(told: () => Promise<void>): Promise<void>;
  onFailure(): void;
}

/** Resolves as soon as the batch is told, and what follows from the one before is done. */
export async function tell(
  { positions, carryOut, onFailure }: Batch,
  before: Telling,
): Promise<Telling> {
  const told = deferred<void>();
  const others = () => {
    told.resolve();
    return before.done;
  };
  const done = carryOut(others);
  const telling = { positions, done, hasFailed: false };
  done.then(
    () => {
      telling.positions = [];
    },
    () => {
      telling.hasFailed = true;
      onFailure();
    },
  );
  await Promise.race([told.promise, done]);
  await before.done;
  return telling;
}
