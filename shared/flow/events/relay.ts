import { connect } from '@insightdesk/shared/database';
import type { Logger } from '@insightdesk/shared/logging';
import { deferred, sleep, withTimeout } from '@insightdesk/shared/promises';
import type { Sql } from 'postgres';
import type { RecordedEvent } from './define-event.ts';
import {
  markFailed,
  markRelayed,
  type RelayedEvent,
  relayedEvents,
  waitingEvents,
} from './outbox.ts';
import { OUTBOX_CHANNEL, type Places } from './tables.ts';
import { type Telling, tell } from './tell.ts';

/** An event whose consequences cannot be computed: it is set aside so that others go on. */
export class PoisonEventError extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super('The consequences of an event could not be computed', { cause });
    this.position = position;
  }
}

export interface RelayOptions {
  /** The relay's login. */
  url: string;
  log: Logger;
  /**
   * Carries out the consequences of a batch, in order, and tells where each event's entries went;
   * harmless when called again. As soon as the entries are there it waits for `told`: the next batch
   * may be told then, and what else follows comes after what followed from the batch before.
   */
  dispatch(events: RecordedEvent[], told: () => Promise<void>): Promise<Places[]>;
  /** Runs before each batch and while there is none; `recent` gives what was relayed before, newest first. */
  prepare?(
    recent: (range: Parameters<typeof relayedEvents>[1]) => Promise<RelayedEvent[]>,
  ): Promise<void>;
  batchSize?: number;
  pollMs?: number;
  electionMs?: number;
  timeoutMs?: number;
}

export interface Relay {
  /** Starts the election; returns at once. */
  start(): void;
  /** Finishes the batch under way and gives up the leadership. */
  stop(): Promise<void>;
  readonly isLeader: boolean;
}

const ADVISORY_LOCK = 7_305_118_401;

/**
 * Moves recorded events to where they are wanted. Of all relays one holds an advisory lock and
 * works; it is woken by NOTIFY and looks by itself every `pollMs`. Dispatch comes before the mark,
 * so a crash in between repeats the dispatch, never drops it. While what follows from one batch is
 * carried out the next one is looked for and told; each is marked after the one before.
 */
export function createRelay(options: RelayOptions): Relay {
  const { log, dispatch, prepare, batchSize = 200, pollMs = 500, electionMs = 1000 } = options;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const stopping = new AbortController();
  let wake = deferred<void>();
  let running: Promise<void> = Promise.resolve();
  let isLeader = false;

  async function candidate(): Promise<void> {
    while (!stopping.signal.aborted) {
      const lost = new AbortController();
      const sql = connect(options.url, { timeoutMs, onclose: () => lost.abort() });
      try {
        await lead(sql, lost.signal);
      } catch (error) {
        log.error({ err: error }, 'relay: stepping down after a failure');
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
    log.info('relay: leading');
    const listener = connect(options.url, { timeoutMs });
    let last: Telling = { positions: [], done: Promise.resolve(), hasFailed: false };
    try {
      await listener.listen(OUTBOX_CHANNEL, () => wake.resolve());
      while (!stopping.signal.aborted && !lost.aborted) {
        wake = deferred<void>();
        if (last.hasFailed) break;
        const { positions, done } = last;
        const [events] = await Promise.all([
          waitingEvents(sql, batchSize, positions),
          // Once what was told is marked, or it would be missing among what is put back.
          prepare?.((range) => done.then(() => relayedEvents(sql, range))),
        ]);
        if (events.length > 0) last = await tell(batchOf(sql, events), last);
        else await Promise.race([wake.promise, pause(pollMs)]);
      }
    } finally {
      await last.done.catch((error: unknown) =>
        log.error({ err: error }, 'relay: not carried out'),
      );
      await listener.end({ timeout: 1 }).catch(() => {});
    }
  }

  const batchOf = (sql: Sql, events: RecordedEvent[]) => ({
    positions: events.map(({ position }) => position),
    carryOut: (told: () => Promise<void>) =>
      withTimeout(dispatch(events, told), timeoutMs)
        .then((places) => markRelayed(sql, events, places))
        .catch((error: unknown) => setAside(sql, log, error)),
    onFailure: () => wake.resolve(),
  });

  const pause = (ms: number) => sleep(ms, stopping.signal).catch(() => {});

  return {
    start() {
      running = candidate();
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
  // A mark that a crash forgets is made again, so it need not wait for the disk. What is asked each
  // time it is woken is planned once.
  await sql.unsafe('set synchronous_commit = off; set plan_cache_mode = force_generic_plan');
  const [lock] = await sql.unsafe(`select pg_try_advisory_lock(${ADVISORY_LOCK}) as held`);
  return lock?.held === true;
}

async function setAside(sql: Sql, log: Logger, error: unknown): Promise<void> {
  if (!(error instanceof PoisonEventError)) throw error;
  const { position, cause } = error;
  log.error({ err: error, position }, 'relay: event set aside');
  await markFailed(sql, position, String(cause));
}
