import type { Database, Tx } from '@insightdesk/shared/database';
import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';
import { eq, inArray, lte, not, sql } from 'drizzle-orm';
import type { JobDefinition, JobRequest } from '../definition/define-job.ts';
import { scheduleStates } from '../tables.ts';
import { dueBetween, nextDue, type Timing, timingText } from './due-times.ts';

/**
 * What happens to due times at which no worker ran: `skip` drops them, `latest` runs the newest one,
 * `all` runs each, up to the newest 100.
 */
export type CatchUp = 'skip' | 'latest' | 'all';

/** A system job that runs on a schedule. */
export type Schedule = Timing & { catchUp: CatchUp; job: JobDefinition; payload: unknown };

/** Schedules by name. */
export type Schedules = Readonly<Record<string, Schedule>>;

export interface SchedulerOptions {
  schedules: Schedules;
  database: Database;
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Only the leading worker enqueues; two at once do no harm. */
  isLeader(): boolean;
  log: Logger;
  now?: () => Date;
}

export interface Scheduler {
  /** Checks for due schedules every second from now on. */
  start(): void;
  stop(): Promise<void>;
  /** Checks once: enqueues what is due, then stores the next due times. */
  tick(): Promise<void>;
}

type State = typeof scheduleStates.$inferSelect;

const TICK_MS = 1_000;
const MAX_MISSED = 100;
/** A due time older than this was missed; a leader change takes a few seconds. */
const MAX_DELAY_MS = 60_000;
const ENQUEUE_TIMEOUT_MS = 5_000;

/** Defines schedules; throws when a timing or a payload is invalid. */
export function defineSchedules<S extends Schedules>(schedules: S): S {
  for (const schedule of Object.values(schedules)) {
    nextDue(schedule, new Date());
    schedule.job.payload.parse(schedule.payload);
  }
  return schedules;
}

/** Builds the scheduler; it enqueues jobs with ids that are accepted once, then stores the due times. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { schedules, database, enqueue, isLeader, log, now = () => new Date() } = options;
  let timer: Timer | undefined;
  let isStored = false;
  let running: Promise<void> = Promise.resolve();

  /** Updates the table to match the code; once per leadership. */
  async function storeSchedules(): Promise<void> {
    const rows = Object.entries(schedules).map(([name, schedule]) => ({
      name,
      timing: timingText(schedule),
      dueAt: nextDue(schedule, now()),
    }));
    await database.write('system', async (tx) => {
      const names = rows.map(({ name }) => name);
      await tx.delete(scheduleStates).where(not(inArray(scheduleStates.name, names)));
      await tx
        .insert(scheduleStates)
        .values(rows)
        .onConflictDoUpdate({
          target: scheduleStates.name,
          set: { timing: sql`excluded.timing`, dueAt: sql`excluded.due_at` },
          setWhere: sql`${scheduleStates.timing} <> excluded.timing`,
        });
    });
    isStored = true;
  }

  async function enqueueDue(tx: Tx): Promise<void> {
    const due = await tx
      .select()
      .from(scheduleStates)
      .where(lte(scheduleStates.dueAt, now()))
      .orderBy(scheduleStates.name)
      .for('update', { skipLocked: true });
    const known = due.filter(({ name }) => name in schedules);
    for (const state of known) {
      const { name } = state;
      const schedule = schedules[name] as Schedule;
      const requests = requestsOf(state, schedule, now());
      if (requests.length > 0) await withTimeout(enqueue(requests), ENQUEUE_TIMEOUT_MS);
      await tx
        .update(scheduleStates)
        .set({ dueAt: nextDue(schedule, now()), ...(requests.length > 0 && { firedAt: now() }) })
        .where(eq(scheduleStates.name, name));
    }
  }

  async function tick(): Promise<void> {
    if (!isLeader()) {
      isStored = false;
      return;
    }
    if (!isStored) await storeSchedules();
    await database.write('system', enqueueDue);
  }

  const tickOrLog = () =>
    tick().catch((error) =>
      log.warn({ err: serializeError(error) }, 'schedules: checking due times failed'),
    );

  function scheduleTick() {
    timer = setTimeout(() => {
      running = tickOrLog().then(() => {
        if (timer) scheduleTick();
      });
    }, TICK_MS);
  }

  return {
    tick,
    start: scheduleTick,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await running;
    },
  };
}

function requestsOf({ name, dueAt, pausedAt }: State, schedule: Schedule, now: Date) {
  if (pausedAt) return [];
  const max = schedule.catchUp === 'all' ? MAX_MISSED : 1;
  const times = dueBetween(schedule, dueAt, now, max);
  const isMissed = (at: Date) => now.getTime() - at.getTime() > MAX_DELAY_MS;
  const due = schedule.catchUp === 'skip' ? times.filter((at) => !isMissed(at)) : times;
  return due.map((at) => requestAt(name, schedule, at));
}

/** The id derives from the name and the time, so that each due time is accepted once. */
function requestAt(name: string, { job, payload }: Schedule, at: Date): JobRequest {
  const id = `schedule-${name}-${at.toISOString().replaceAll(':', '')}`;
  return { job, id, tenantId: 'system', requestId: id, payload: job.payload.parse(payload) };
}
