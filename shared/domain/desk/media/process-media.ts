import { type Context, withTenant } from '@insightdesk/shared/context';
import { Channels, type Id } from '@insightdesk/shared/contract';
import {
  type AttachmentRow,
  type StoredVariant,
  storageKey,
} from '@insightdesk/shared/domain/desk/attachments';
import { releaseBytes, reserveBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { AppError, awayCode, DomainError, serializeError } from '@insightdesk/shared/errors';
import { type JobRun, jobFor } from '@insightdesk/shared/jobs';
import { newId } from '@insightdesk/shared/utils';
import { processMedia } from './jobs.ts';
import {
  startProcessing,
  deleteUnusedFiles,
  type Outcome,
  finishProcessing,
  saveProbe,
  postponeProcessing,
} from './media-state.ts';
import { type Stage, stagesOf } from './stages/video-stages.ts';

type Ctx = Context & { tenantId: Id<'org'> };
type Run = Pick<
  JobRun,
  'id' | 'signal' | 'attempt' | 'requestId' | 'step' | 'progress' | 'log' | 'enqueue'
>;
type Payload = { attachmentId: Id<'att'>; waits?: number | undefined };

const MOST_DEATHS = 3;
const MOST_RUNS = 10;
/** While ffmpeg is being fetched; then ever more seldom, for a day. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 600_000;
const MOST_WAITS = 150;
/** Told at steps of so many percent. */
const STEP = 5;

/**
 * Makes what is made of a video or a sound. A worker that dies of it leaves its finished stages to
 * the next; without ffmpeg it waits and says so. What cannot be done ends with a reason.
 */
export async function processMedia(ctx: Ctx, payload: Payload, run: Run): Promise<void> {
  const { attachmentId: id } = payload;
  const begun = await withTenant(ctx, (tenant) => startProcessing(tenant, id, run.id));
  if (!begun) return;
  const { attachment, attempts } = begun;
  const reservation = newId('att');
  let outcome: Outcome;
  try {
    if (attempts > MOST_RUNS) outcome = failed('PROCESSING_FAILED');
    else outcome = await carryOut(ctx, attachment, reservation, run);
  } catch (error) {
    await releaseBytes(ctx, reservation);
    if (codeOf(error) === 'MEDIA_TOOLS_MISSING') return await waitForTools(ctx, payload, run);
    const ending = endingOf(error, attempts, run);
    const away = awayCode(error);
    if (!ending && away) await withTenant(ctx, (tenant) => postponeProcessing(tenant, id, away));
    if (!ending) throw error;
    ctx.log.warn({ err: serializeError(error), attachment: id, ...ending }, 'recording: given up');
    outcome = ending;
  }
  const hasEnded = await withTenant(ctx, async (tenant) => {
    // In one step with what is counted instead.
    await releaseBytes(tenant, reservation);
    return finishProcessing(tenant, id, run.id, outcome);
  });
  if (!hasEnded || outcome.status !== 'ready') await deleteUnusedFiles(ctx, id, run.id);
}

const failed = (reason: string): Outcome => ({ status: 'failed', reason });
const codeOf = (error: unknown) => (error instanceof AppError ? error.code : undefined);

/** What an error means for good; undefined when it is worth another try. */
function endingOf(error: unknown, attempts: number, { signal, attempt }: Run): Outcome | undefined {
  if (signal.aborted && signal.reason === 'Cancelled') return { status: 'cancelled', reason: null };
  if (error instanceof DomainError) return failed(error.code);
  if (codeOf(error) === 'MEDIA_PROCESS_DIED' && attempts >= MOST_DEATHS) {
    return failed('PROCESSING_FAILED');
  }
  return attempt >= processMedia.attempts ? failed('PROCESSING_FAILED') : undefined;
}

/** Comes again later, as another job: no attempt is used up by that. */
async function waitForTools(ctx: Ctx, { attachmentId, waits = 0 }: Payload, run: Run) {
  if (waits >= MOST_WAITS) {
    const outcome = failed('MEDIA_TOOLS_MISSING');
    await withTenant(ctx, (tenant) => finishProcessing(tenant, attachmentId, run.id, outcome));
    return;
  }
  await withTenant(ctx, (tenant) =>
    postponeProcessing(tenant, attachmentId, 'MEDIA_TOOLS_MISSING'),
  );
  await run.log('Waits for ffmpeg, which is not there yet');
  const [id = run.id] = run.id.split(`-${processMedia.name}`);
  const cause = { id, tenantId: ctx.tenantId, requestId: run.requestId };
  const delayMs = Math.min(LONGEST_WAIT_MS, Math.round(FIRST_WAIT_MS * 1.3 ** waits));
  const again = { attachmentId, waits: waits + 1 };
  const options = { suffix: `wait${waits + 1}`, delayMs };
  await run.enqueue([jobFor(cause, processMedia, again, options)]);
}

async function carryOut(
  ctx: Ctx,
  attachment: AttachmentRow,
  reservation: Id<'att'>,
  run: Run,
): Promise<Outcome> {
  const { id, sizeBytes } = attachment;
  const { signal } = run;
  const original = await ctx.files.storage.download(storageKey(ctx.tenantId, id));
  const recording = await ctx.files.media.openMediaFile(original, { maxBytes: sizeBytes, signal });
  try {
    const { probe, audio } = recording;
    await withTenant(ctx, (tenant) => saveProbe(tenant, id, probe));
    const isSound = probe.audio && !probe.video;
    const loudness = isSound ? await run.step('loudness', () => audio.loudness()) : null;
    const stages = stagesOf({ ctx, id, recording, loudness, signal });
    // What it may become is set aside before it is made.
    const bytes = stages.reduce((sum, stage) => sum + stage.bytes, 0);
    await reserveBytes(ctx, { id: reservation, bytes });
    const variants = await perform(ctx, attachment, stages, run);
    return { status: 'ready', reason: null, variants, loudness };
  } finally {
    await recording.close();
  }
}

async function perform(ctx: Ctx, attachment: AttachmentRow, stages: readonly Stage[], run: Run) {
  const total = stages.reduce((sum, { weight }) => sum + weight, 0);
  const variants: StoredVariant[] = [];
  let told = -STEP;
  let done = 0;
  const tell = (percent: number) => {
    if (percent < told + STEP) return;
    told = percent;
    announceProgress(ctx, attachment, percent);
    run.progress(percent).catch(() => {});
  };
  for (const { name, weight, make } of stages) {
    run.signal.throwIfAborted();
    const onPercent = (percent: number) =>
      tell(Math.floor((done * 100 + weight * percent) / total));
    onPercent(0);
    variants.push(...(await run.step(name, () => make(onPercent))));
    done += weight;
  }
  tell(100);
  return variants;
}

/** Whoever may see it by now hears of it. */
function announceProgress(
  { realtime: { signal }, tenantId }: Ctx,
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
