import { createdAt, instant, tenantId } from '@insightdesk/shared/database';
import { sql } from 'drizzle-orm';
import { bigint, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** The completed steps of jobs, so that a rerun continues after the last one. */
export const jobSteps = pgTable(
  'job_steps',
  {
    tenantId: tenantId(),
    jobId: text('job_id').notNull(),
    step: text('step').notNull(),
    result: jsonb('result'),
    createdAt: createdAt(),
    /** Null while the step runs, or when its outcome is unknown. */
    doneAt: instant('done_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.jobId, t.step] }),
    index('job_steps_age').on(t.createdAt),
  ],
);

/** When each schedule of `services/worker/schedules.ts` is due next; the leading worker updates it. */
export const scheduleStates = pgTable('schedules', {
  name: text('name').primaryKey(),
  /** The timing as text; a change resets `due_at`. */
  timing: text('timing').notNull(),
  dueAt: instant('due_at').notNull(),
  firedAt: instant('fired_at'),
  pausedAt: instant('paused_at'),
});

/** Jobs over the queue quota of their organization; see ADR 29. */
export const parkedJobs = pgTable(
  'parked_jobs',
  {
    tenantId: tenantId(),
    queue: text('queue').notNull(),
    id: text('id').notNull(),
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity(),
    dueAt: instant('due_at').notNull(),
    request: jsonb('request').notNull(),
    /** When the job was enqueued; the row stays for a while in case Valkey loses the job. */
    releasedAt: instant('released_at'),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.queue, t.id] }),
    index('parked_jobs_waiting')
      .on(t.tenantId, t.dueAt, t.position)
      .where(sql`released_at is null`),
    index('parked_jobs_released').on(t.releasedAt).where(sql`released_at is not null`),
  ],
);
