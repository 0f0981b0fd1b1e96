import type { Database } from '@insightdesk/shared/database';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { eq } from 'drizzle-orm';
import { scheduleStates } from '../tables.ts';

/** The state of a schedule. */
export type ScheduleState = typeof scheduleStates.$inferSelect;

/** All schedules that the leading worker has stored, by name. */
export function listSchedules(database: Database): Promise<ScheduleState[]> {
  return database.write('system', (tx) =>
    tx.select().from(scheduleStates).orderBy(scheduleStates.name),
  );
}

/** Skips all due times from now on, also after a resume; throws DomainNotFoundError. */
export const pauseSchedule = (database: Database, name: string): Promise<void> =>
  setPaused(database, name, new Date());

/** Continues with the next due time; throws DomainNotFoundError. */
export const resumeSchedule = (database: Database, name: string): Promise<void> =>
  setPaused(database, name, null);

async function setPaused(database: Database, name: string, pausedAt: Date | null): Promise<void> {
  const updated = await database.write('system', (tx) =>
    tx
      .update(scheduleStates)
      .set({ pausedAt })
      .where(eq(scheduleStates.name, name))
      .returning({ name: scheduleStates.name }),
  );
  if (updated.length === 0) throw new DomainNotFoundError(`Unknown schedule ${name}`);
}
