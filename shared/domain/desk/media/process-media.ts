import { type Context, withTenant } from '@insightdesk/shared/context';
import { Channels, type Id } from '@insightdesk/shared/contract';
import {
  type AttachmentRow,
  type StoredVariant,
  storageKey,
} from '@insightdesk/shared/domain/desk/attachments';
import { releaseBytes, reserveBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { AppError, DomainError, outageCode, serializeError } from '@insightdesk/shared/errors';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import { isLongFile, isLongMedia } from './is-long-media.ts';
import {
  processLongMedia as processLongMediaJob,
  processMedia as processMediaJob,
} from './jobs.ts';
import {
  deleteUnusedFiles,
  finishProcessing,
  type Outcome,
  postponeProcessing,
  saveMetadata,
  startProcessing,
} from './processing-state.ts';
import { createStages } from './stages/create-stages.ts';
import type { Stage } from './stages/stage.ts';

type WorkerContext = Context & { tenantId: Id<'org'> };
type Run = Pick<
  JobRun,
  'id' | 'signal' | 'attempt' | 'requestId' | 'step' | 'progress' | 'log' | 'enqueue' | 'untimed'
>;
type Payload = z.output<typeof processMediaJob.payload>;

/** Crashes of ffmpeg. */
const MAX_CRASHES = 3;
/** Started runs, however they ended. */
const MAX_ATTEMPTS = 10;
/** Delay while ffmpeg is not installed; grows with each wait, for about a day in total. */
const MIN_WAIT_MS = 5_000;
const MAX_WAIT_MS = 600_000;
const MAX_WAITS = 150;
/** Progress is reported in steps of this size. */
const PROGRESS_STEP_PERCENT = 5;

/**
 * Converts a video or audio file and stores the results as variants of its attachment. After a crash
 * of the worker the next run skips completed stages. Without ffmpeg the job waits. A file that cannot
 * be converted fails with a reason. A file that takes minutes is left to another job, in a queue that
 * short files do not wait in.
 */
export async function processMedia(
  ctx: WorkerContext,
  payload: Payload,
  run: Run,
  { isLong = false } = {},
): Promise<void> {
  const { attachmentId: id, wait } = payload;
  const jobIds = { jobId: run.id, previousJobId: wait?.previousJobId };
  const started = await withTenant(ctx, (tenant) => startProcessing(tenant, id, jobIds));
  if (!started) return;
  const { attachment, attempts } = started;
  const reservation = newId('att');
  let outcome: Outcome | 'long';
  try {
    if (attempts > MAX_ATTEMPTS) outcome = failed('PROCESSING_FAILED');
    else outcome = await convert(ctx, attachment, reservation, run, isLong);
    if (outcome === 'long') return await leaveToLongJob(ctx, payload, run);
  } catch (error) {
    await releaseBytes(ctx, reservation);
    if (codeOf(error) === 'MEDIA_TOOLS_MISSING') {
      return await waitForTools(ctx, payload, run, isLong ? processLongMediaJob : processMediaJob);
    }
    const final = finalOutcome(error, attempts, run);
    const outage = outageCode(error);
    if (!final && outage) {
      await withTenant(ctx, (tenant) => postponeProcessing(tenant, id, outage));
    }
    if (!final) throw error;
    ctx.log.warn({ err: serializeError(error), attachment: id, ...final }, 'media: not converted');
    outcome = final;
  }
  const ended = outcome;
  const isCurrent = await withTenant(ctx, async (tenant) => {
    // In the transaction that counts the stored variants instead.
    await releaseBytes(tenant, reservation);
    return finishProcessing(tenant, id, run.id, ended);
  });
  if (!isCurrent || ended.status !== 'ready') await deleteUnusedFiles(ctx, id, run.id);
}

const failed = (reason: string): Outcome => ({ status: 'failed', reason });
const codeOf = (error: unknown) => (error instanceof AppError ? error.code : undefined);

/** The permanent outcome of an error; undefined when the job should be retried. */
function finalOutcome(
  error: unknown,
  attempts: number,
  { signal, attempt }: Run,
): Outcome | undefined {
  if (signal.aborted && signal.reason === 'Cancelled') return { status: 'cancelled', reason: null };
  if (error instanceof DomainError) return failed(error.code);
  if (codeOf(error) === 'MEDIA_PROCESS_DIED' && attempts >= MAX_CRASHES) {
    return failed('PROCESSING_FAILED');
  }
  return attempt >= processMediaJob.attempts ? failed('PROCESSING_FAILED') : undefined;
}

async function leaveToLongJob(ctx: WorkerContext, { attachmentId, wait }: Payload, run: Run) {
  await withTenant(ctx, (tenant) => postponeProcessing(tenant, attachmentId, null));
  const firstJobId = wait?.firstJobId ?? run.id;
  const next = { count: wait?.count ?? 0, firstJobId, previousJobId: run.id };
  const cause = { id: firstJobId, tenantId: ctx.tenantId, requestId: run.requestId };
  await run.enqueue([jobFor(cause, processLongMediaJob, { attachmentId, wait: next })]);
}

/** Enqueues another job with a delay, because a retry would use up an attempt. */
async function waitForTools(
  ctx: WorkerContext,
  { attachmentId, wait }: Payload,
  run: Run,
  job: typeof processMediaJob | typeof processLongMediaJob,
) {
  const waits = wait?.count ?? 0;
  if (waits >= MAX_WAITS) {
    const outcome = failed('MEDIA_TOOLS_MISSING');
    await withTenant(ctx, (tenant) => finishProcessing(tenant, attachmentId, run.id, outcome));
    return;
  }
  await withTenant(ctx, (tenant) =>
    postponeProcessing(tenant, attachmentId, 'MEDIA_TOOLS_MISSING'),
  );
  await run.log('Waiting for ffmpeg, which is not installed');
  const firstJobId = wait?.firstJobId ?? run.id;
  const next = { count: waits + 1, firstJobId, previousJobId: run.id };
  const cause = { id: firstJobId, tenantId: ctx.tenantId, requestId: run.requestId };
  const delayMs = Math.min(MAX_WAIT_MS, Math.round(MIN_WAIT_MS * 1.3 ** waits));
  const options = { suffix: `wait${next.count}`, delayMs };
  await run.enqueue([jobFor(cause, job, { attachmentId, wait: next }, options)]);
}

async function convert(
  ctx: WorkerContext,
  attachment: AttachmentRow,
  reservation: Id<'att'>,
  run: Run,
  isLong: boolean,
): Promise<Outcome | 'long'> {
  const { id, sizeBytes } = attachment;
  if (!isLong && isLongFile(sizeBytes)) return 'long';
  const { signal, untimed: whileWaiting } = run;
  const caller = { owner: ctx.tenantId, whileWaiting, signal };
  const openOriginal = () => ctx.files.storage.download(storageKey(ctx.tenantId, id));
  const options = { maxBytes: sizeBytes, isLong, ...caller };
  const file = await ctx.files.media.openMediaFile(openOriginal, options);
  try {
    const { probe, audio } = file;
    if (!isLong && isLongMedia(probe)) return 'long';
    await withTenant(ctx, (tenant) => saveMetadata(tenant, id, probe));
    const isAudioOnly = probe.audio && !probe.video;
    const loudness = isAudioOnly ? await run.step('loudness', () => audio.measureLoudness()) : null;
    const stages = createStages({ ctx, id, file, loudness, caller, signal });
    const bytes = stages.reduce((sum, stage) => sum + stage.maxBytes, 0);
    await reserveBytes(ctx, { id: reservation, bytes });
    const variants = await runStages(ctx, attachment, stages, run);
    return { status: 'ready', reason: null, variants, loudness };
  } finally {
    await file.close();
  }
}

async function runStages(
  ctx: WorkerContext,
  attachment: AttachmentRow,
  stages: readonly Stage[],
  job: Run,
) {
  const totalWeight = stages.reduce((sum, { weight }) => sum + weight, 0);
  const variants: StoredVariant[] = [];
  let reported = -PROGRESS_STEP_PERCENT;
  let doneWeight = 0;
  const reportProgress = (percent: number) => {
    if (percent < reported + PROGRESS_STEP_PERCENT) return;
    reported = percent;
    signalProgress(ctx, attachment, percent);
    job.progress(percent).catch(() => {});
  };
  for (const { name, weight, run } of stages) {
    job.signal.throwIfAborted();
    const onPercent = (percent: number) =>
      reportProgress(Math.floor((doneWeight * 100 + weight * percent) / totalWeight));
    onPercent(0);
    variants.push(...(await job.step(name, () => run(onPercent))));
    doneWeight += weight;
  }
  reportProgress(100);
  return variants;
}

/** Sends the progress to the channel of those who see the attachment. */
function signalProgress(
  { realtime: { signal }, tenantId }: WorkerContext,
  { id: attachmentId, conversationId, customerId, uploadedBy }: AttachmentRow,
  percent: number,
) {
  const channel =
    conversationId === null
      ? Channels.userPrivate(uploadedBy)
      : customerId === null
        ? Channels.conversationStaff(conversationId)
        : Channels.conversation(conversationId);
  signal({ tenantId, channel, type: 'recording.progress', data: { attachmentId, percent } });
}
