import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { attachments, getAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { DomainValidationError, InfrastructureError } from '@insightdesk/shared/errors';
import type { JobRequest } from '@insightdesk/shared/jobs';
import type { MediaFile } from '@insightdesk/shared/media';
import { createIsolatedTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import type { z } from 'zod';
import { getMedia } from './get-media.ts';
import type { processMedia as processMediaJob } from './jobs.ts';
import { processMedia } from './process-media.ts';
import { cancelMedia, retryMedia } from './retry-media.ts';

// An own database, where no running worker takes the jobs.
const stage = await createIsolatedTestContext();
const { admin } = stage;
afterAll(stage.close);

type Wait = z.output<typeof processMediaJob.payload>['wait'];

const crash = () =>
  new InfrastructureError('crashed', { code: 'MEDIA_PROCESS_DIED', retryable: true });
const toolsMissing = () =>
  new InfrastructureError('no ffmpeg', { code: 'MEDIA_TOOLS_MISSING', retryable: true });
const corrupt = () => new DomainValidationError('bad', { code: 'RECORDING_CORRUPT' });

const loudness = { integrated: -20, truePeak: -3, range: 1, threshold: -30, offset: 0 };
const fileOf = (sizeBytes: number, contentType: string) => ({
  contentType,
  sizeBytes,
  stream: () => new Blob([new Uint8Array(sizeBytes)]).stream(),
});

/** An audio file whose conversion the test controls. */
const audioFile = (convert: MediaFile['audio']['convert'], close = async () => {}): MediaFile => ({
  probe: {
    format: 'mp3',
    durationMs: 1000,
    audio: { codec: 'mp3', channels: 1, sampleRate: 44_100 },
  },
  video: {} as MediaFile['video'],
  audio: {
    maxBytes: 10_000,
    measureLoudness: async () => loudness,
    waveform: async () => [0, 1],
    convert,
  },
  close,
});
const succeed: MediaFile['audio']['convert'] = async () => fileOf(7_000, 'audio/mp4');

async function setUp(openMediaFile: Context['files']['media']['openMediaFile']) {
  const { owner, tenantId, member } = await createTestTenant(stage.context);
  const id = newId('att');
  await stage.context.database.write({ tenantId }, (tx) =>
    tx.insert(attachments).values({
      tenantId,
      id,
      name: 'a.mp3',
      contentType: 'audio/mpeg',
      sizeBytes: 100,
      sha256: 'x',
      status: 'ready',
      uploadedBy: userIdOf(owner),
    }),
  );
  const key = (name: string) => `${tenantId}/attachments/${id}/${name}`;
  await stage.context.files.storage.upload(key('original'), new Uint8Array(100), {
    contentType: 'audio/mpeg',
  });
  const signals: number[] = [];
  const worker = systemContext(
    {
      ...stage.context,
      files: {
        ...stage.context.files,
        media: { ...stage.context.files.media, openMediaFile },
      },
      realtime: {
        ...stage.context.realtime,
        signal: ({ data }) => signals.push((data as { percent: number }).percent),
      },
    },
    'worker',
    { tenantId, requestId: 'test' },
  );
  const results = new Map<string, unknown>();
  const enqueued: JobRequest[] = [];
  const runOf = (jobId: string, attempt: number, signal: AbortSignal) => ({
    id: jobId,
    signal,
    attempt,
    requestId: 'test',
    async step<T>(name: string, work: (key: string) => Promise<T>) {
      const stepId = `${jobId} ${name}`;
      if (!results.has(stepId)) results.set(stepId, await work(stepId));
      return results.get(stepId) as T;
    },
    untimed: (waiting: Promise<void>) => waiting,
    progress: async () => {},
    log: async () => {},
    enqueue: async (requests: JobRequest[]) => void enqueued.push(...requests),
  });
  const firstJobId = `${newId('evt')}-media.process`;
  const run = ({
    attempt = 1,
    jobId = firstJobId,
    signal = new AbortController().signal,
    wait = undefined as Wait,
    isLong = false,
  } = {}) =>
    processMedia(worker, { attachmentId: id, wait }, runOf(jobId, attempt, signal), { isLong });
  return {
    owner,
    member,
    id,
    tenantId,
    signals,
    enqueued,
    run,
    getMedia: () => getMedia(owner, { id }),
    variantNames: async () =>
      (await getAttachment(owner, { id })).variants.map(({ name }) => name).toSorted(),
    fileNames: async () =>
      (await Array.fromAsync(stage.context.files.storage.list(key('')))).map((file) =>
        file.key.split('/').at(-1),
      ),
    eventNames: async () =>
      (
        await admin`select name from outbox where tenant_id = ${toUuid(tenantId)}
        and name like 'recording.%' order by position`
      ).map(({ name }) => name),
    storedBytes: async () => {
      const [row] = await admin`select bytes::int8 as bytes from stored_bytes
        where tenant_id = ${toUuid(tenantId)}`;
      return Number(row?.bytes);
    },
    deleteRow: () => admin`delete from attachments where id = ${toUuid(id as Id<'att'>)}`,
  };
}

const newJobId = () => `${newId('evt')}-media.process`;

test('converted files are stored, counted and published once, however often the job runs', async () => {
  const media = await setUp(async () => audioFile(succeed));
  expect(await media.getMedia()).toMatchObject({ status: 'waiting', audio: null });
  await media.run();
  await media.run();
  await media.run({ jobId: newJobId() });
  expect(await media.getMedia()).toMatchObject({
    status: 'ready',
    durationMs: 1000,
    audio: { loudness: -20 },
  });
  expect(await media.variantNames()).toEqual(['audio', 'waveform']);
  expect(await media.eventNames()).toEqual(['recording.prepared']);
  const { variants } = await getAttachment(media.owner, { id: media.id });
  const expectedBytes = variants.reduce((sum, { sizeBytes }) => sum + sizeBytes, 100);
  expect(await media.storedBytes()).toBe(expectedBytes);
  expect(media.signals).toEqual(media.signals.toSorted((a, b) => a - b));
  expect(media.signals.at(-1)).toBe(100);
});

test('a completed stage is not repeated after a crash', async () => {
  let tries = 0;
  let closed = 0;
  let waveforms = 0;
  const convert: typeof succeed = async () => {
    if (tries++ === 0) throw crash();
    return fileOf(7_000, 'audio/mp4');
  };
  const media = await setUp(async () => {
    const file = audioFile(convert, async () => void closed++);
    return { ...file, audio: { ...file.audio, waveform: async () => [waveforms++] } };
  });
  await expect(media.run()).rejects.toThrow('crashed');
  expect(await media.getMedia()).toMatchObject({ status: 'working' });
  expect(await media.storedBytes()).toBe(100);
  await media.run({ attempt: 2 });
  expect(await media.getMedia()).toMatchObject({ status: 'ready' });
  expect([waveforms, closed]).toEqual([1, 2]);
});

test.each([
  ['is corrupt', corrupt, 1, 'RECORDING_CORRUPT'],
  ['crashes ffmpeg each time', crash, 3, 'PROCESSING_FAILED'],
  ['fails unexpectedly each time', () => new Error('unexpected'), 3, 'PROCESSING_FAILED'],
])('a file that %s fails with a reason and leaves no files', async (_case, error, runs, reason) => {
  const media = await setUp(async () =>
    audioFile(async () => {
      throw error();
    }),
  );
  for (let attempt = 1; attempt < runs; attempt++) {
    await expect(media.run({ attempt })).rejects.toThrow(error().message);
  }
  await media.run({ attempt: runs });
  expect(await media.getMedia()).toMatchObject({ status: 'failed', reason });
  expect(await media.eventNames()).toEqual(['recording.failed']);
  expect([await media.variantNames(), await media.fileNames()]).toEqual([[], ['original']]);
  expect(await media.storedBytes()).toBe(100);
});

test('processing is started at most ten times when the worker dies each time', async () => {
  let started = 0;
  const media = await setUp(async () => {
    started++;
    throw new Error('worker died');
  });
  for (let n = 0; n < 15; n++) await media.run().catch(() => {});
  expect(started).toBe(10);
  expect(await media.getMedia()).toMatchObject({ status: 'failed', reason: 'PROCESSING_FAILED' });
});

test('the job waits without using attempts while ffmpeg is missing', async () => {
  let isInstalled = false;
  const media = await setUp(async () => {
    if (!isInstalled) throw toolsMissing();
    return audioFile(succeed);
  });
  await media.run();
  expect(await media.getMedia()).toMatchObject({
    status: 'waiting',
    reason: 'MEDIA_TOOLS_MISSING',
  });
  for (let n = 0; n < 12; n++) {
    const next = media.enqueued.at(-1) as JobRequest;
    expect(media.enqueued).toHaveLength(n + 1);
    expect(next.delayMs).toBeGreaterThanOrEqual(5_000);
    if (n === 11) isInstalled = true;
    const { wait } = next.payload as { wait: Wait };
    await media.run({ jobId: next.id, wait });
  }
  expect(await media.getMedia()).toMatchObject({ status: 'ready', reason: null });
  const ids = media.enqueued.map(({ id }) => id);
  expect(new Set(ids).size).toBe(12);
  expect(Math.max(...ids.map((id) => id.length))).toBeLessThan(80);
});

test('a job of another event does not take over a file that waits for ffmpeg', async () => {
  const media = await setUp(async () => {
    throw toolsMissing();
  });
  await media.run();
  await media.run({ jobId: newJobId() });
  expect(media.enqueued).toHaveLength(1);
});

test('the job waits without using attempts while storage is unavailable', async () => {
  let isAvailable = false;
  const media = await setUp(async () => {
    if (!isAvailable) {
      throw new InfrastructureError('not reached', { code: 'STORAGE_UNAVAILABLE' });
    }
    return audioFile(succeed);
  });
  for (let n = 0; n < 15; n++) await expect(media.run()).rejects.toThrow('not reached');
  expect(await media.getMedia()).toMatchObject({
    status: 'waiting',
    reason: 'STORAGE_UNAVAILABLE',
  });
  isAvailable = true;
  await media.run();
  expect(await media.getMedia()).toMatchObject({ status: 'ready', reason: null });
});

test('processing fails after the maximum number of waits for ffmpeg', async () => {
  const media = await setUp(async () => {
    throw toolsMissing();
  });
  const wait = { count: 150, firstJobId: newJobId(), previousJobId: newJobId() };
  await media.run({ wait });
  expect(await media.getMedia()).toMatchObject({ status: 'failed', reason: 'MEDIA_TOOLS_MISSING' });
  expect(media.enqueued).toEqual([]);
});

test('cancelling during a conversion discards its result, and a retry converts again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  let tries = 0;
  const media = await setUp(async () =>
    audioFile(async () => {
      started.resolve();
      if (tries++ === 0) await promise;
      return fileOf(7_000, 'audio/mp4');
    }),
  );
  const { owner, id } = media;
  const running = media.run();
  await started.promise;
  expect(await cancelMedia(owner, { id })).toMatchObject({ status: 'cancelled' });
  await expect(cancelMedia(owner, { id })).rejects.toMatchObject({ code: 'RECORDING_ENDED' });
  resolve();
  await running;
  expect(await media.getMedia()).toMatchObject({ status: 'cancelled' });
  expect([await media.variantNames(), await media.fileNames(), await media.storedBytes()]).toEqual([
    [],
    ['original'],
    100,
  ]);
  const retries = await Promise.allSettled([retryMedia(owner, { id }), retryMedia(owner, { id })]);
  expect(retries.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(await media.getMedia()).toMatchObject({ status: 'waiting' });
  await media.run({ jobId: newJobId() });
  expect(await media.getMedia()).toMatchObject({ status: 'ready' });
  expect(await media.eventNames()).toEqual(['recording.requested', 'recording.prepared']);
});

test('a file that was cancelled while it waited is not converted', async () => {
  let started = 0;
  const media = await setUp(async () => {
    started++;
    return audioFile(succeed);
  });
  await cancelMedia(media.owner, { id: media.id });
  await media.run();
  expect(started).toBe(0);
});

test('cancelling the job sets the status to cancelled', async () => {
  const controller = new AbortController();
  const media = await setUp(async () =>
    audioFile(async () => {
      controller.abort('Cancelled');
      throw 'Cancelled';
    }),
  );
  await media.run({ signal: controller.signal });
  expect(await media.getMedia()).toMatchObject({ status: 'cancelled' });
});

test('a conversion that would exceed the quota is not started', async () => {
  let converted = 0;
  const media = await setUp(async () =>
    audioFile(async () => {
      converted++;
      return fileOf(7_000, 'audio/mp4');
    }),
  );
  const { tenantId } = media;
  const system = systemContext(stage.context, 'desk', { tenantId, requestId: 'test' });
  await updateQuota(system, { metric: 'stored-bytes', value: 200 });
  await media.run();
  expect(await media.getMedia()).toMatchObject({ status: 'failed', reason: 'QUOTA_EXCEEDED' });
  expect([converted, await media.storedBytes()]).toEqual([0, 100]);
});

test('an attachment deleted during a conversion leaves no converted files', async () => {
  const media = await setUp(async () =>
    audioFile(async () => {
      await media.deleteRow();
      return fileOf(7_000, 'audio/mp4');
    }),
  );
  await media.run();
  expect(await media.fileNames()).toEqual(['original']);
  await expect(media.getMedia()).rejects.toMatchObject({ status: 404 });
});

test('a long file is left to a job in another queue, which processes it; a short one is not', async () => {
  const isLong: (boolean | undefined)[] = [];
  let durationMs = 60_000;
  const media = await setUp(async (_source, options) => {
    isLong.push(options.isLong);
    const file = audioFile(succeed);
    return { ...file, probe: { ...file.probe, durationMs } };
  });
  durationMs = 20 * 60_000;
  await media.run();
  expect(media.enqueued.map(({ job }) => [job.name, job.queue])).toEqual([
    ['media.process-long', 'media-conversion'],
  ]);
  expect(await media.getMedia()).toMatchObject({ status: 'waiting', reason: null });
  const [request] = media.enqueued;
  const { id = '', payload } = request ?? {};
  await media.run({ jobId: id, ...(payload as { wait: Wait }), isLong: true });
  expect(await media.getMedia()).toMatchObject({ status: 'ready' });
  expect(isLong).toEqual([false, true]);

  durationMs = 60_000;
  const short = await setUp(async () => audioFile(succeed));
  await short.run();
  expect(short.enqueued).toEqual([]);
  expect(await short.getMedia()).toMatchObject({ status: 'ready' });
});
