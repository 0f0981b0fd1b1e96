import { defineAction, type MemberContext, readTenant } from '@insightdesk/shared/context';
import { managerRoles } from '@insightdesk/shared/contract';
import { pageInput, pageOf } from '@insightdesk/shared/database';
import { type JobStatus, jobStates, queueNames } from '@insightdesk/shared/jobs';
import { z } from 'zod';

const id = z.string().regex(/^[\w.-]{1,300}$/);
const instant = z.iso.datetime();

const jobView = z.object({
  id: z.string(),
  name: z.string(),
  queue: z.enum(queueNames),
  state: z.enum(jobStates),
  progress: z.number().describe('0 to 100'),
  attempts: z.int(),
  reason: z.string().nullable().describe('Why it failed last'),
  enqueuedAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
});
const jobWithLogView = jobView.extend({ log: z.array(z.string()) });

/** What organisations are told of failures; the rest is between the system and its operators. */
const ownReason =
  /^(Domain\w*|Conflict|Forbidden|Zod)Error\b|^Cancelled\b|^A job that it waits for/;
const toJob = <J extends JobStatus>(job: J): J => ({
  ...job,
  reason:
    job.reason === null || ownReason.test(job.reason) ? job.reason : 'The system has met a failure',
});

/** The organisation's newest jobs, at most 1,000 of which are remembered. */
export const listJobs = defineAction({
  summary: 'List the jobs of the organisation, newest first',
  input: z.strictObject(pageInput),
  output: pageOf(jobView),
  allow: managerRoles,
  transaction: 'own',
  async run(ctx, { limit, cursor }) {
    await requireLive(ctx);
    const { items, nextCursor } = await ctx.jobs.list(ctx.tenantId, {
      limit,
      ...(cursor !== undefined && { cursor: Buffer.from(cursor, 'base64url').toString() }),
    });
    const next = nextCursor === null ? null : Buffer.from(nextCursor).toString('base64url');
    return { items: items.map(toJob), nextCursor: next };
  },
});

/** One job with its log. */
export const getJob = defineAction({
  summary: 'Read a job with its log',
  input: z.strictObject({ id }),
  output: jobWithLogView,
  allow: managerRoles,
  transaction: 'own',
  async run(ctx, input) {
    await requireLive(ctx);
    return toJob(await ctx.jobs.require(ctx.tenantId, input.id));
  },
});

/** Gives a failed job its attempts back. */
export const retryJob = defineAction({
  summary: 'Try a failed job again',
  input: z.strictObject({ id }),
  output: jobWithLogView,
  allow: managerRoles,
  transaction: 'own',
  async run(ctx, input) {
    await requireLive(ctx);
    await ctx.jobs.retry(ctx.tenantId, input.id);
    return toJob(await ctx.jobs.require(ctx.tenantId, input.id));
  },
});

/** Ends a job for good; one that runs is asked to stop. */
export const cancelJob = defineAction({
  summary: 'Cancel a job',
  input: z.strictObject({ id }),
  output: jobWithLogView,
  allow: managerRoles,
  transaction: 'own',
  async run(ctx, input) {
    await requireLive(ctx);
    await ctx.jobs.cancel(ctx.tenantId, input.id, ctx.actor.userId);
    return toJob(await ctx.jobs.require(ctx.tenantId, input.id));
  },
});

/** Jobs are not in the database, which is what knows whether the session is live. */
const requireLive = (ctx: MemberContext) => readTenant(ctx, () => Promise.resolve());
