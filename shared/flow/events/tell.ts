import type { Logger } from '@insightdesk/shared/logging';
import { deferred, withTimeout } from '@insightdesk/shared/promises';
import type { Sql } from 'postgres';
import type { RecordedEvent } from './define-event.ts';
import { markFailed, markRelayed } from './outbox.ts';
import type { Places } from './tables.ts';

/** An event whose consequences cannot be computed: it is set aside so that others go on. */
export class PoisonEventError extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super('The consequences of an event could not be computed', { cause });
    this.position = position;
  }
}

/** A batch from when it is told until all that follows is done and it is marked. */
export interface Telling {
  /** Where its events are, while they are not marked. */
  positions: number[];
  done: Promise<void>;
  hasFailed: boolean;
}

interface TellOptions {
  log: Logger;
  dispatch(events: RecordedEvent[], told: () => Promise<void>): Promise<Places[]>;
  timeoutMs: number;
}

/** Tells batches and marks them; what follows from one comes after what followed from the one before. */
export function createTell({ log, dispatch, timeoutMs }: TellOptions) {
  async function carryOut(sql: Sql, events: RecordedEvent[], told: () => Promise<void>) {
    try {
      await markRelayed(sql, events, await withTimeout(dispatch(events, told), timeoutMs));
    } catch (error) {
      if (!(error instanceof PoisonEventError)) throw error;
      const { position, cause } = error;
      log.error({ err: error, position }, 'relay: event set aside');
      await markFailed(sql, position, String(cause));
    }
  }

  /** Resolves as soon as the batch is told, and what follows from the one before is done. */
  return async (
    sql: Sql,
    events: RecordedEvent[],
    before: Telling,
    onFailure: () => void,
  ): Promise<Telling> => {
    const told = deferred<void>();
    const others = () => {
      told.resolve();
      return before.done;
    };
    const done = carryOut(sql, events, others);
    const telling = { positions: events.map(({ position }) => position), done, hasFailed: false };
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
  };
}
