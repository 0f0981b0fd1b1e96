import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

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

/** Jobs that wait for room in Valkey; see ADR 29. */
export const heldJobs = pgTable(
  'parked_jobs',
  {
    tenantId: tenantId(),
    queue: text('queue').notNull(),
    id: text('id').notNull(),
    place: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
    dueAt: instant('due_at').notNull(),
    request: jsonb('request').notNull(),
    /** Since when it is in Valkey; kept for a while, in case that loses it. */
    releasedAt: instant('released_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.queue, t.id] }),
    index('parked_jobs_waiting').on(t.tenantId, t.dueAt, t.place).where(sql`released_at is null`),
    index('parked_jobs_released').on(t.releasedAt).where(sql`released_at is not null`),
  ],
);
