import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { type StoredVariant, storageKey } from '@insightdesk/shared/domain/desk/attachments';
import type { DerivedFile, VideoPresetName, Loudness, MediaFile } from '@insightdesk/shared/media';

/** A piece of the work, whose end is remembered. */
export interface Stage {
  name: string;
  /** How much of the whole it is. */
  weight: number;
  /** As many bytes at most. */
  bytes: number;
  make(onPercent: (percent: number) => void): Promise<StoredVariant[]>;
}

interface Workbench {
  ctx: Pick<Context, 'files'> & { tenantId: Id<'org'> };
  id: Id<'att'>;
  recording: MediaFile;
  /** Of a sound without pictures. */
  loudness: Loudness | null;
  signal: AbortSignal;
}

const POSTER_BYTES = 1_000_000;
const LIST_BYTES = 300_000;

/** All that is made of a recording, in its order. */
export function stagesOf(bench: Workbench): Stage[] {
  const { probe } = bench.recording;
  if (probe.video) return filmStages(bench);
  return probe.audio ? soundStages(bench) : [];
}

function filmStages({ recording, ...bench }: Workbench): Stage[] {
  const { video } = recording;
  const store = storeAt(bench);
  // The film for everybody; the ladder is for those who stream.
  const usual: VideoPresetName = video.ladder.includes('720p') ? '720p' : '360p';
  const rungs = video.ladder.map((preset) => ({
    name: `hls-${preset}`,
    weight: preset === '360p' ? 2 : preset === '720p' ? 5 : 9,
    bytes: video.bytesOf(preset) + LIST_BYTES,
    async make(onPercent: (percent: number) => void) {
      const { file, playlist } = await video.rung(preset, onPercent);
      const list = Buffer.from(playlist(addressOf(`hls-${preset}`)));
      return [await store(`hls-${preset}`, file), await store(`hls-${preset}-list`, listOf(list))];
    },
  }));
  return [
    {
      name: 'poster',
      weight: 1,
      bytes: POSTER_BYTES,
      async make() {
        const wanted = { fit: 'inside', format: 'webp' } as const;
        const picture = await bench.ctx.files.media.transformImage(await video.poster(), wanted);
        const { bytes, ...told } = picture;
        return [await store('poster', { ...told, sizeBytes: bytes.byteLength, bytes })];
      },
    },
    {
      name: 'film',
      weight: 4,
      bytes: video.bytesOf(usual),
      make: async (onPercent) => [await store('film', await video.film(usual, onPercent))],
    },
    ...rungs,
    masterStage(bench, recording, store),
  ];
}

function masterStage(
  { ctx }: Pick<Workbench, 'ctx'>,
  { video, probe }: MediaFile,
  store: ReturnType<typeof storeAt>,
): Stage {
  return {
    name: 'hls',
    weight: 0,
    bytes: LIST_BYTES,
    async make() {
      const rungs = video.ladder.map((preset) => ({
        uri: addressOf(`hls-${preset}-list`),
        ...video.sidesOf(preset),
        bitsPerSecond: video.bitsOf(preset),
        hasAudio: probe.audio !== undefined,
      }));
      return [await store('hls', listOf(Buffer.from(ctx.files.media.masterPlaylist(rungs))))];
    },
  };
}

function soundStages({ recording, loudness, ...bench }: Workbench): Stage[] {
  const { audio, probe } = recording;
  const store = storeAt(bench);
  if (!loudness) return [];
  return [
    {
      name: 'peaks',
      weight: 1,
      bytes: LIST_BYTES,
      async make() {
        const { durationMs } = probe;
        const text = JSON.stringify({ durationMs, peaks: await audio.peaks() });
        const bytes = Buffer.from(text);
        return [await store('peaks', { ...listOf(bytes), contentType: 'application/json' })];
      },
    },
    {
      name: 'sound',
      weight: 4,
      bytes: audio.bytes,
      make: async (onPercent) => [await store('sound', await audio.convert(loudness, onPercent))],
    },
  ];
}

/** Relative to the address of a playlist, which is a variant too. */
const addressOf = (variant: string) => `content?variant=${variant}`;

const listOf = (bytes: Uint8Array<ArrayBuffer>) => ({
  contentType: 'application/vnd.apple.mpegurl',
  sizeBytes: bytes.byteLength,
  bytes,
});

type Kept = Omit<DerivedFile, 'stream'> &
  ({ bytes: Uint8Array<ArrayBuffer> } | Pick<DerivedFile, 'stream'>);

const storeAt =
  ({ ctx, id, signal }: Pick<Workbench, 'ctx' | 'id' | 'signal'>) =>
  async (name: string, file: Kept): Promise<StoredVariant> => {
    const { contentType, width, height } = file;
    const source = 'bytes' in file ? file.bytes : file.stream();
    const key = storageKey(ctx.tenantId, id, name);
    const { sizeBytes } = await ctx.files.storage.upload(key, source, { contentType, signal });
    const sides = width && height ? { width, height } : {};
    return { name, contentType, sizeBytes, ...sides };
  };
