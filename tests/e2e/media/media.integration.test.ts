import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createMedia } from '@insightdesk/shared/media';
import { bySize } from '../../../shared/testing/tier.ts';
import { createMediaFixtures } from './media-fixtures.ts';

setDefaultTimeout(120_000);
const fixtures = await createMediaFixtures();
const wide = { maxPixels: 12_000_000, concurrency: 1, toolsDirectory: fixtures.tools };
const media = createMedia(wide);
afterAll(fixtures.close);

const phone = await fixtures.phoneVideo();
const openFile = (bytes: Uint8Array, signal?: AbortSignal, processor = media) =>
  processor.openMediaFile(() => bytes, { maxBytes: 50_000_000, ...(signal && { signal }) });
const listTemporaryDirectories = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith(`insightdesk-media-${process.pid}-`));
const bytesOf = (file: { stream(): ReadableStream<Uint8Array> }) =>
  new Response(file.stream()).bytes();

test('a phone video is rotated, keeps its colors, loses its location and starts at once', async () => {
  const recording = await openFile(phone);
  try {
    const { probe, video: source } = recording;
    expect(probe).toMatchObject({ durationMs: 3000, video: { width: 480, height: 640 } });
    expect(source.presets).toEqual(['360p']);
    const progress: number[] = [];
    const video = await source.convertToMp4('360p', (percent) => progress.push(percent));
    expect(video).toMatchObject({ width: 360, height: 480 });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBeGreaterThan(50);
    const bytes = await bytesOf(video);
    expect(Buffer.from(bytes).indexOf('moov')).toBeLessThan(Buffer.from(bytes).indexOf('mdat'));
    const { format, streams } = await fixtures.probe(bytes);
    expect(JSON.stringify(format)).not.toContain('48.8577');
    expect(streams.map((stream: { codec_name: string }) => stream.codec_name)).toEqual([
      'h264',
      'aac',
    ]);
    expect(streams[0]).toMatchObject({ width: 360, height: 480, pix_fmt: 'yuv420p' });
    for (const image of [await bytesOf(await source.poster()), await fixtures.frame(bytes, 1)]) {
      expect(await colorAt(image, 0.25)).toEqual({ red: true, blue: false });
      expect(await colorAt(image, 0.75)).toEqual({ red: false, blue: true });
    }
    const { file, playlist } = await source.convertToHls('360p');
    const segments = [...playlist('x').matchAll(/#EXT-X-BYTERANGE:(\d+)@(\d+)\nx/g)];
    const [last] = segments.slice(-1);
    expect(Number(last?.[1]) + Number(last?.[2])).toBe(file.sizeBytes);
  } finally {
    await recording.close();
  }
  expect(await listTemporaryDirectories()).toEqual([]);
});

test('audio is normalized, and its waveform follows the loudness', async () => {
  const recording = await openFile(await fixtures.audio());
  const { audio } = recording;
  const loudness = await audio.measureLoudness();
  expect(loudness.integrated).toBeLessThan(-30);
  const peaks = await audio.waveform();
  expect(peaks).toHaveLength(400);
  expect(Math.max(...peaks.slice(0, 90))).toBe(0);
  expect(Math.min(...peaks.slice(110, 380))).toBeGreaterThan(0);
  const normalized = await bytesOf(await audio.convert(loudness));
  await recording.close();
  const reopened = await openFile(normalized);
  const { integrated } = await reopened.audio.measureLoudness();
  await reopened.close();
  expect(Math.abs(integrated + 16)).toBeLessThan(1.5);
});

test('references to other files or addresses are not followed', async () => {
  const requests: string[] = [];
  const server = Bun.serve({
    port: 0,
    fetch: (request) => {
      requests.push(request.url);
      return new Response();
    },
  });
  const uris = [
    `http://127.0.0.1:${server.port}/x.ts`,
    'file:///etc/passwd',
    fixtures.pathOf('phone.mp4'),
  ];
  try {
    for (const uri of uris) {
      const list = `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${uri}\n#EXT-X-ENDLIST\n`;
      for (const text of [list, `ffconcat version 1.0\nfile '${uri}'\n`]) {
        const refused = openFile(new TextEncoder().encode(text));
        await expect(refused).rejects.toMatchObject({ code: 'RECORDING_CORRUPT' });
      }
    }
  } finally {
    await server.stop(true);
  }
  expect(requests).toEqual([]);
  expect(await listTemporaryDirectories()).toEqual([]);
});

test('damaged media is processed or rejected with a reason and leaves no files', async () => {
  const codes = new Set<string>();
  for (let n = 0; n < bySize(2, 20); n++) {
    const bytes = Buffer.from(phone);
    const offset = Math.floor(Math.random() * bytes.length);
    bytes[offset] = (bytes[offset] as number) ^ 0xff;
    const damaged = n % 2 ? bytes.subarray(0, offset) : bytes;
    try {
      const recording = await openFile(damaged);
      try {
        await recording.video.poster();
      } finally {
        await recording.close();
      }
      codes.add('ok');
    } catch (error) {
      codes.add((error as { code: string }).code);
    }
  }
  const known = ['ok', 'RECORDING_CORRUPT', 'RECORDING_EMPTY', 'RECORDING_TOO_LONG'];
  for (const code of codes) expect(known.concat('RECORDING_TOO_LARGE')).toContain(code);
  expect(await listTemporaryDirectories()).toEqual([]);
});

test.each([
  ['pixels', { maxPixels: 10_000 }, 'RECORDING_TOO_LARGE'],
  ['time', { maxSeconds: 2 }, 'RECORDING_TOO_LONG'],
])('openMediaFile rejects a video with more %s than allowed', async (_, limit, code) => {
  const refused = openFile(phone, undefined, createMedia({ ...wide, ...limit }));
  await expect(refused).rejects.toMatchObject({ code, status: 422 });
});

test('a media process that exceeds its memory limit fails without ending the test process', async () => {
  const limited = createMedia({ ...wide, memoryBytes: 24 * 1024 * 1024 });
  const work = (async () => {
    const recording = await openFile(phone, undefined, limited);
    try {
      await recording.video.convertToMp4('360p');
    } finally {
      await recording.close();
    }
  })();
  await expect(work).rejects.toMatchObject({ code: expect.stringMatching(/^RECORDING_|_DIED$/) });
  expect(await listTemporaryDirectories()).toEqual([]);
});

test('a cancelled media process ends at once', async () => {
  const controller = new AbortController();
  const recording = await openFile(phone, controller.signal);
  const work = recording.video.convertToMp4('360p', () => controller.abort('enough'));
  expect(await work.catch((reason) => reason)).toBe('enough');
  await recording.close();
  expect(await listTemporaryDirectories()).toEqual([]);
});

test('media processing reports missing ffmpeg', async () => {
  const path = process.env.PATH;
  process.env.PATH = '/nowhere';
  try {
    const withoutTools = createMedia({ ...wide, toolsDirectory: '/nowhere' });
    const refused = openFile(phone, undefined, withoutTools);
    await expect(refused).rejects.toMatchObject({ code: 'MEDIA_TOOLS_MISSING', retryable: true });
  } finally {
    process.env.PATH = path;
  }
  expect(await listTemporaryDirectories()).toEqual([]);
});

async function colorAt(png: Uint8Array, height: number) {
  const { default: sharp } = await import(
    Bun.resolveSync('sharp', `${import.meta.dir}/../../../shared`)
  );
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const offset = (Math.floor(info.height * height) * info.width + (info.width >> 1)) * 3;
  return {
    red: data[offset] > 200 && data[offset + 2] < 60,
    blue: data[offset + 2] > 200 && data[offset] < 60,
  };
}
