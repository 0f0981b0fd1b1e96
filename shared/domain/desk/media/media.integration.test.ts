import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { attachments, getAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { setQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { DomainValidationError, InfrastructureError } from '@insightdesk/shared/errors';
import type { JobRequest } from '@insightdesk/shared/jobs';
import type { MediaFile } from '@insightdesk/shared/media';
import { createTestTenant, openTestStage, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { cancelRecording } from './cancel-media.ts';
import { getRecording } from './get-media.ts';
import { processMedia } from './process-media.ts';
import { retryMedia } from './retry-media.ts';

// A database of its own: a running worker would be faster.
const stage = await openTestStage();
const { admin } = stage;
afterAll(stage.close);

const died = () => new InfrastructureError('died', { code: 'MEDIA_PROCESS_DIED', retryable: true });
const missing = () =>
  new InfrastructureError('no ffmpeg', { code: 'MEDIA_TOOLS_MISSING', retryable: true });
const damaged = () => new DomainValidationError('bad', { code: 'RECORDING_CORRUPT' });

const loudness = { integrated: -20, truePeak: -3, range: 1, threshold: -30, offset: 0 };
const sized = (sizeBytes: number, contentType: string) => ({
  contentType,
  sizeBytes,
  stream: () => new Blob([new Uint8Array(sizeBytes)]).stream(),
});

/** A sound whose conversion is in the test's hands. */
const soundOf = (convert: MediaFile['audio']['convert'], close = async () => {}): MediaFile => ({
  probe: {
    format: 'mp3',
    durationMs: 1000,
    audio: { codec: 'mp3', channels: 1, sampleRate: 44_100 },
  },
  video: {} as MediaFile['video'],
  audio: {
    bytes: 10_000,
    loudness: async () => loudness,
    peaks: async () => [0, 1],
    convert,
  },
  close,
});
const whole: MediaFile['audio']['convert'] = async () => sized(7_000, 'audio/mp4');

async function setUp(open: Context['files']['media']['openMediaFile']) {
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
      uploadedBy: userOf(owner),
    }),
  );
  const key = (name: string) => `${tenantId}/attachments/${id}/${name}`;
  await stage.context.files.storage.upload(key('original'), new Uint8Array(100), {
    contentType: 'audio/mpeg',
  });
  const signals: number[] = [];
  const media = { ...stage.context.files.media, openRecording: open };
  const worker = systemContext(
    {
      ...stage.context,
      files: { ...stage.context.files, media },
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
      const known = `${jobId} ${name}`;
      if (!results.has(known)) results.set(known, await work(known));
      return results.get(known) as T;
    },
    progress: async () => {},
    log: async () => {},
    enqueue: async (requests: JobRequest[]) => void enqueued.push(...requests),
  });
  const first = `${newId('evt')}-recordings.prepare`;
  return {
    owner,
    member,
    id,
    tenantId,
    signals,
    enqueued,
    run: (attempt = 1, jobId = first, signal = new AbortController().signal, waits?: number) =>
      processMedia(worker, { attachmentId: id, waits }, runOf(jobId, attempt, signal)),
    see: () => getRecording(owner, { id }),
    variants: async () =>
      (await getAttachment(owner, { id })).variants.map(({ name }) => name).toSorted(),
    files: async () =>
      (await Array.fromAsync(stage.context.files.storage.list(key('')))).map(({ key: at }) =>
        at.split('/').at(-1),
      ),
    events: async () =>
      (
        await admin`select name from outbox where tenant_id = ${toUuid(tenantId)}
        and name like 'recording.%' order by position`
      ).map(({ name }) => name),
    bytes: async () => {
      const [row] = await admin`select bytes::int8 as bytes from stored_bytes
        where tenant_id = ${toUuid(tenantId)}`;
      return Number(row?.bytes);
    },
    remove: () => admin`delete from attachments where id = ${toUuid(id as Id<'att'>)}`,
  };
}

test('what was made is there, counted and told once, however often it runs', async () => {
  const at = await setUp(async () => soundOf(whole));
  expect(await at.see()).toMatchObject({ status: 'waiting', audio: null });
  await at.run();
  await at.run();
  await at.run(1, `${newId('evt')}-recordings.prepare`);
  expect(await at.see()).toMatchObject({
    status: 'ready',
    durationMs: 1000,
    audio: { loudness: -20 },
  });
  expect(await at.variants()).toEqual(['peaks', 'sound']);
  expect(await at.events()).toEqual(['recording.prepared']);
  const { variants } = await getAttachment(at.owner, { id: at.id });
  expect(await at.bytes()).toBe(variants.reduce((sum, { sizeBytes }) => sum + sizeBytes, 100));
  expect(at.signals).toEqual(at.signals.toSorted((a, b) => a - b));
  expect(at.signals.at(-1)).toBe(100);
});

test('a stage that was finished is not made again', async () => {
  let tries = 0;
  let closed = 0;
  const convert: typeof whole = async () => {
    if (tries++ === 0) throw died();
    return sized(7_000, 'audio/mp4');
  };
  let peaks = 0;
  const at = await setUp(async () => {
    const recording = soundOf(convert, async () => void closed++);
    const counted = async () => [peaks++];
    return { ...recording, audio: { ...recording.audio, peaks: counted } };
  });
  await expect(at.run()).rejects.toThrow('died');
  expect(await at.see()).toMatchObject({ status: 'working' });
  expect(await at.bytes()).toBe(100);
  await at.run(2);
  expect(await at.see()).toMatchObject({ status: 'ready' });
  expect([peaks, closed]).toEqual([1, 2]);
});

test.each([
  ['is damaged', damaged, 1, 'RECORDING_CORRUPT'],
  ['takes its process with it each time', died, 3, 'PROCESSING_FAILED'],
  ['meets a surprise each time', () => new Error('as good as dead'), 3, 'PROCESSING_FAILED'],
])('one that %s ends with a reason, and leaves nothing', async (_how, error, runs, reason) => {
  const at = await setUp(async () =>
    soundOf(async () => {
      throw error();
    }),
  );
  for (let n = 1; n < runs; n++) {
    await expect(at.run(n)).rejects.toThrow(error().message);
  }
  await at.run(runs);
  expect(await at.see()).toMatchObject({ status: 'failed', reason });
  expect(await at.events()).toEqual(['recording.failed']);
  expect([await at.variants(), await at.files()]).toEqual([[], ['original']]);
  expect(await at.bytes()).toBe(100);
});

test('a worker that dies of it each time begins it a bounded number of times', async () => {
  let begun = 0;
  const at = await setUp(async () => {
    begun++;
    throw new Error('as good as dead');
  });
  for (let n = 0; n < 15; n++) await at.run().catch(() => {});
  expect(begun).toBe(10);
  expect(await at.see()).toMatchObject({ status: 'failed', reason: 'PROCESSING_FAILED' });
});

test('without ffmpeg it waits and says so, comes again, and uses up nothing', async () => {
  let isThere = false;
  const at = await setUp(async () => {
    if (!isThere) throw missing();
    return soundOf(whole);
  });
  await at.run();
  expect(await at.see()).toMatchObject({ status: 'waiting', reason: 'MEDIA_TOOLS_MISSING' });
  for (let n = 0; n < 12; n++) {
    const next = at.enqueued.at(-1) as JobRequest;
    expect(at.enqueued).toHaveLength(n + 1);
    expect(next.delayMs).toBeGreaterThanOrEqual(5_000);
    if (n === 11) isThere = true;
    const { waits } = next.payload as { waits: number };
    await at.run(1, next.id, undefined, waits);
  }
  expect(await at.see()).toMatchObject({ status: 'ready', reason: null });
  expect(new Set(at.enqueued.map(({ id }) => id)).size).toBe(12);
});

test('while storage is away it waits and says so, and uses up nothing', async () => {
  let isAway = true;
  const at = await setUp(async () => {
    if (isAway) throw new InfrastructureError('not reached', { code: 'STORAGE_UNAVAILABLE' });
    return soundOf(whole);
  });
  for (let n = 0; n < 15; n++) await expect(at.run()).rejects.toThrow('not reached');
  expect(await at.see()).toMatchObject({ status: 'waiting', reason: 'STORAGE_UNAVAILABLE' });
  isAway = false;
  await at.run();
  expect(await at.see()).toMatchObject({ status: 'ready', reason: null });
});

test('waiting ends too', async () => {
  const at = await setUp(async () => {
    throw missing();
  });
  await at.run(1, undefined, undefined, 150);
  expect(await at.see()).toMatchObject({ status: 'failed', reason: 'MEDIA_TOOLS_MISSING' });
  expect(at.enqueued).toEqual([]);
});

test('cancelled while it is worked on, its late end changes nothing; then tried again', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let tries = 0;
  const at = await setUp(async () =>
    soundOf(async () => {
      begun.resolve();
      if (tries++ === 0) await promise;
      return sized(7_000, 'audio/mp4');
    }),
  );
  const late = at.run();
  await begun.promise;
  expect(await cancelRecording(at.owner, { id: at.id })).toMatchObject({ status: 'cancelled' });
  await expect(cancelRecording(at.owner, { id: at.id })).rejects.toMatchObject({
    code: 'RECORDING_ENDED',
  });
  resolve();
  await late;
  expect(await at.see()).toMatchObject({ status: 'cancelled' });
  expect([await at.variants(), await at.files(), await at.bytes()]).toEqual([
    [],
    ['original'],
    100,
  ]);
  expect(await retryMedia(at.owner, { id: at.id })).toMatchObject({ status: 'waiting' });
  await at.run(1, `${newId('evt')}-recordings.prepare`);
  expect(await at.see()).toMatchObject({ status: 'ready' });
  expect(await at.events()).toEqual(['recording.requested', 'recording.prepared']);
});

test('cancelled before it was begun, it never is', async () => {
  let begun = 0;
  const at = await setUp(async () => {
    begun++;
    return soundOf(whole);
  });
  await cancelRecording(at.owner, { id: at.id });
  await at.run();
  expect(begun).toBe(0);
});

test('the job’s own cancellation says that it was cancelled', async () => {
  const controller = new AbortController();
  const at = await setUp(async () =>
    soundOf(async () => {
      controller.abort('Cancelled');
      throw 'Cancelled';
    }),
  );
  await at.run(1, undefined, controller.signal);
  expect(await at.see()).toMatchObject({ status: 'cancelled' });
});

test('what would not fit is not begun', async () => {
  let converted = 0;
  const at = await setUp(async () =>
    soundOf(async () => {
      converted++;
      return sized(7_000, 'audio/mp4');
    }),
  );
  const system = systemContext(stage.context, 'desk', { tenantId: at.tenantId, requestId: 'test' });
  await setQuota(system, { metric: 'stored-bytes', value: 200 });
  await at.run();
  expect(await at.see()).toMatchObject({ status: 'failed', reason: 'QUOTA_EXCEEDED' });
  expect([converted, await at.bytes()]).toEqual([0, 100]);
});

test('one that is collected meanwhile leaves no file', async () => {
  const at = await setUp(async () =>
    soundOf(async () => {
      await at.remove();
      return sized(7_000, 'audio/mp4');
    }),
  );
  await at.run();
  expect(await at.files()).toEqual(['original']);
  await expect(at.see()).rejects.toMatchObject({ status: 404 });
});

test('strangers and other customers see nothing of it, and decide nothing', async () => {
  const at = await setUp(async () => soundOf(whole));
  const stranger = (await createTestTenant(stage.context)).owner;
  for (const ctx of [stranger, await at.member('customer')]) {
    for (const act of [getRecording, cancelRecording, retryMedia]) {
      await expect(act(ctx, { id: at.id })).rejects.toMatchObject({ status: 404 });
    }
  }
});
