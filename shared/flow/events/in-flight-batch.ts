/** A batch from its publication until all its effects are done and it is marked as relayed. */
export interface InFlightBatch {
  /** The positions of its events, until they are marked. */
  positions: number[];
  done: Promise<void>;
  hasFailed: boolean;
}

interface Batch {
  positions: number[];
  /** Calls `onPublished` when the batch is published, and continues when that resolves. */
  dispatch(onPublished: () => Promise<void>): Promise<void>;
  onFailure(): void;
}

/** Resolves when the batch is published and the previous one is done. */
export async function publishBatch(
  { positions, dispatch, onFailure }: Batch,
  previous: InFlightBatch,
): Promise<InFlightBatch> {
  const published = Promise.withResolvers<void>();
  const onPublished = () => {
    published.resolve();
    return previous.done;
  };
  const done = dispatch(onPublished);
  const batch = { positions, done, hasFailed: false };
  done.then(
    () => {
      batch.positions = [];
    },
    () => {
      batch.hasFailed = true;
      onFailure();
    },
  );
  await Promise.race([published.promise, done]);
  await previous.done;
  return batch;
}
