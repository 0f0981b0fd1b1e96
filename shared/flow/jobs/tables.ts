import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** What a job has done so far: one row per step, so that a rerun goes on in the middle. */
export const jobSteps = pgTable(
  'job_steps',
  {
    tenantId: tenantId(),
    jobId: text('job_id').notNull(),
    step: text('step').notNull(),
    result: jsonb('result'),
    createdAt: createdAt(),
    /** Unset while the step is under way, or when nobody knows how it ended. */
    doneAt: instant('done_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.jobId, t.step] }),
    index('job_steps_age').on(t.createdAt),
  ],
);

/** When the work of `services/worker/schedules.ts` is due next; kept by the elected worker. */
export const scheduleStates = pgTable('schedules', {
  name: text('name').primaryKey(),
  /** Its timing in words. When that changes, it is due anew. */
  timing: text('timing').notNull(),
  dueAt: instant('due_at').notNull(),
  firedAt: instant('fired_at'),
  pausedAt: instant('paused_at'),
});
