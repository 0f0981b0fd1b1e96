import { connect } from '@insightdesk/shared/database';
import type { Logger } from '@insightdesk/shared/logging';
import { sleep, withTimeout } from '@insightdesk/shared/promises';
import type { Sql } from 'postgres';
import type { RecordedEvent } from './define-event.ts';
import { type InFlightBatch, publishBatch } from './in-flight-batch.ts';
import {
  listPendingEvents,
  listRelayedEvents,
  markFailed,
  markRelayed,
  type RelayedEvent,
} from './outbox.ts';
import { type LogPositions, OUTBOX_CHANNEL } from './tables.ts';

/** An event whose effects cannot be computed; it is dead-lettered so that others are relayed. */
export class UnprocessableEventError extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super('The effects of the event could not be computed', { cause });
    this.position = position;
  }
}

export interface RelayOptions {
  /** The URL with the relay's database login. */
  url: string;
  log: Logger;
  /**
   * Carries out the effects of a batch in order and returns the log positions of each event; must be
   * idempotent. It publishes first, then awaits `onPublished`, which lets the next batch be published
   * and resolves when the effects of the previous batch are done.
   */
  dispatch(events: RecordedEvent[], onPublished: () => Promise<void>): Promise<LogPositions[]>;
  /** Runs before each batch and while idle; `listRecent` pages relayed events, newest first. */
  prepare?(
    listRecent: (range: Parameters<typeof listRelayedEvents>[1]) => AsyncIterable<RelayedEvent[]>,
  ): Promise<void>;
  batchSize?: number;
  pollMs?: number;
  electionMs?: number;
  timeoutMs?: number;
}

export interface Relay {
  /** Starts the election; returns at once. */
  start(): void;
  /** Finishes the current batch and gives up the leadership. */
  stop(): Promise<void>;
  readonly isLeader: boolean;
}

const ADVISORY_LOCK = 7_305_118_401;

/**
 * Relays recorded events. One of all relays holds an advisory lock and is the leader; it is woken by
 * NOTIFY and polls every `pollMs`. Events are marked after their dispatch, so a crash in between
 * repeats the dispatch and loses nothing. While the effects of one batch are carried out the next one
 * is read and published; batches are marked in order.
 */
export function createRelay(options: RelayOptions): Relay {
  const { log, dispatch, prepare, batchSize = 200, pollMs = 500, electionMs = 1000 } = options;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const stopping = new AbortController();
  let wake = Promise.withResolvers<void>();
  let running: Promise<void> = Promise.resolve();
  let isLeader = false;

  async function campaign(): Promise<void> {
    while (!stopping.signal.aborted) {
      const lost = new AbortController();
      const sql = connect(options.url, { timeoutMs, onclose: () => lost.abort() });
      try {
        await lead(sql, lost.signal);
      } catch (error) {
        log.error({ err: error }, 'relay: leader failed');
      } finally {
        isLeader = false;
        await sql.end({ timeout: 1 }).catch(() => {});
      }
      await pause(electionMs);
    }
  }

  async function lead(sql: Sql, lost: AbortSignal): Promise<void> {
    if (!(await isElected(sql))) return;
    isLeader = true;
    log.info('relay: became leader');
    const listener = connect(options.url, { timeoutMs });
    let previous: InFlightBatch = { positions: [], done: Promise.resolve(), hasFailed: false };
    try {
      await listener.listen(OUTBOX_CHANNEL, () => wake.resolve());
      while (!stopping.signal.aborted && !lost.aborted) {
        wake = Promise.withResolvers<void>();
        if (previous.hasFailed) break;
        const { positions, done } = previous;
        const [events] = await Promise.all([
          listPendingEvents(sql, batchSize, positions),
          // After the previous batch is marked, or a rebuild would miss it.
          prepare?.(async function* (range) {
            await done;
            yield* listRelayedEvents(sql, range);
          }),
        ]);
        if (events.length > 0) previous = await publishBatch(batchOf(sql, events), previous);
        else await Promise.race([wake.promise, pause(pollMs)]);
      }
    } finally {
      await previous.done.catch((error: unknown) =>
        log.error({ err: error }, 'relay: dispatch failed'),
      );
      await listener.end({ timeout: 1 }).catch(() => {});
    }
  }

  const batchOf = (sql: Sql, events: RecordedEvent[]) => ({
    positions: events.map(({ position }) => position),
    dispatch: (onPublished: () => Promise<void>) =>
      withTimeout(dispatch(events, onPublished), timeoutMs)
        .then((logPositions) => markRelayed(sql, events, logPositions))
        .catch((error: unknown) => markUnprocessable(sql, log, error)),
    onFailure: () => wake.resolve(),
  });

  const pause = (ms: number) => sleep(ms, stopping.signal).catch(() => {});

  return {
    start() {
      running = campaign();
    },
    async stop() {
      stopping.abort();
      wake.resolve();
      await running;
    },
    get isLeader() {
      return isLeader;
    },
  };
}

async function isElected(sql: Sql): Promise<boolean> {
  // A mark that a crash loses is repeated, so it need not wait for the disk. Queries are planned once.
  await sql.unsafe('set synchronous_commit = off; set plan_cache_mode = force_generic_plan');
  const [lock] = await sql.unsafe(`select pg_try_advisory_lock(${ADVISORY_LOCK}) as is_leader`);
  return lock?.is_leader === true;
}

async function markUnprocessable(sql: Sql, log: Logger, error: unknown): Promise<void> {
  if (!(error instanceof UnprocessableEventError)) throw error;
  const { position, cause } = error;
  log.error({ err: error, position }, 'relay: event dead-lettered');
  await markFailed(sql, position, String(cause));
}
