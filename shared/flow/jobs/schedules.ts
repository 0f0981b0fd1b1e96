import type { Database, Tx } from '@insightdesk/shared/database';
import { serializeError } from '@insightdesk/shared/errors';
import type { Logger } from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';
import { eq, inArray, lte, not, sql } from 'drizzle-orm';
import type { JobDefinition, JobRequest } from './define-job.ts';
import { dueBetween, nextDue, type Timing, timingText } from './due-times.ts';
import { scheduleStates } from './tables.ts';

/**
 * What becomes of times at which no worker was there: `skip` forgets them, `latest` makes up for
 * the newest one, `all` for each, up to the newest 100.
 */
export type CatchUp = 'skip' | 'latest' | 'all';

/** Work that time causes; its job is the system's. */
export type Schedule = Timing & { catchUp: CatchUp; job: JobDefinition; payload: unknown };

/** Every schedule by its name. */
export type Schedules = Readonly<Record<string, Schedule>>;

export interface SchedulerOptions {
  schedules: Schedules;
  database: Database;
  enqueue(requests: JobRequest[]): Promise<void>;
  /** Only one worker looks after the time; two at once do no harm. */
  isLeader(): boolean;
  log: Logger;
  now?: () => Date;
}

export interface Scheduler {
  /** Looks at the time every second from now on. */
  start(): void;
  stop(): Promise<void>;
  /** Looks once: enqueues what is due, then writes down when it is due next. */
  tick(): Promise<void>;
}

type State = typeof scheduleStates.$inferSelect;

const TICK_MS = 1_000;
const MOST_MISSED = 100;
/** What is later than this was missed; a change of the leader takes a few seconds. */
const LATE_MS = 60_000;
const ENQUEUE_TIMEOUT_MS = 5_000;

/** Describes schedules; throws when a timing cannot be read or a payload is not the job's. */
export function defineSchedules<S extends Schedules>(schedules: S): S {
  for (const schedule of Object.values(schedules)) {
    nextDue(schedule, new Date());
    schedule.job.payload.parse(schedule.payload);
  }
  return schedules;
}

/** Builds the scheduler; jobs are enqueued before the mark, under ids that are accepted once. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { schedules, database, enqueue, isLeader, log, now = () => new Date() } = options;
  let timer: Timer | undefined;
  let isKnown = false;
  let running: Promise<void> = Promise.resolve();

  /** Brings the table in line with the code, once for each time of leading. */
  async function publish(): Promise<void> {
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
    isKnown = true;
  }

  async function fireDue(tx: Tx): Promise<void> {
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
      isKnown = false;
      return;
    }
    if (!isKnown) await publish();
    await database.write('system', fireDue);
  }

  const tickOrTell = () =>
    tick().catch((error) => log.warn({ err: serializeError(error) }, 'schedules: not looked at'));

  function again() {
    timer = setTimeout(() => {
      running = tickOrTell().then(() => {
        if (timer) again();
      });
    }, TICK_MS);
  }

  return {
    tick,
    start: again,
    async stop() {
      clearTimeout(timer);
      timer = undefined;
      await running;
    },
  };
}

function requestsOf({ name, dueAt, pausedAt }: State, schedule: Schedule, now: Date) {
  if (pausedAt) return [];
  const most = schedule.catchUp === 'all' ? MOST_MISSED : 1;
  const times = dueBetween(schedule, dueAt, now, most);
  const isMissed = (at: Date) => now.getTime() - at.getTime() > LATE_MS;
  const wanted = schedule.catchUp === 'skip' ? times.filter((at) => !isMissed(at)) : times;
  return wanted.map((at) => requestAt(name, schedule, at));
}

/** The same name and time give the same id, so that a firing is accepted once. */
function requestAt(name: string, { job, payload }: Schedule, at: Date): JobRequest {
  const id = `schedule-${name}-${at.toISOString().replaceAll(':', '')}`;
  return { job, id, tenantId: 'system', requestId: id, payload: job.payload.parse(payload) };
}
