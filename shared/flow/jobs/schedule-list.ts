import type { Database } from '@insightdesk/shared/database';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { eq } from 'drizzle-orm';
import { scheduleStates } from './tables.ts';

/** A schedule as it stands. */
export type ScheduleState = typeof scheduleStates.$inferSelect;

/** Every schedule that a worker has published, by name. */
export function listSchedules(database: Database): Promise<ScheduleState[]> {
  return database.write('system', (tx) =>
    tx.select().from(scheduleStates).orderBy(scheduleStates.name),
  );
}

/** What falls due from now on is not done, and not made up for; throws DomainNotFoundError. */
export const pauseSchedule = (database: Database, name: string): Promise<void> =>
  setPaused(database, name, new Date());

/** Goes on with the next time; throws DomainNotFoundError. */
export const resumeSchedule = (database: Database, name: string): Promise<void> =>
  setPaused(database, name, null);

async function setPaused(database: Database, name: string, pausedAt: Date | null): Promise<void> {
  const changed = await database.write('system', (tx) =>
    tx
      .update(scheduleStates)
      .set({ pausedAt })
      .where(eq(scheduleStates.name, name))
      .returning({ name: scheduleStates.name }),
  );
  if (changed.length === 0) throw new DomainNotFoundError(`There is no schedule ${name}`);
}
