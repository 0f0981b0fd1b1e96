import type { VideoPresetName } from '@insightdesk/shared/media';
import { MAX_TEXT_BYTES, type Stage, type StageInput, storeVariant, textFile } from './stage.ts';

const MAX_POSTER_BYTES = 1_000_000;
const weights: Record<VideoPresetName, number> = { '360p': 2, '720p': 5, '1080p': 9 };

/** Poster, an MP4 for every browser, and an HLS stream with one rendition per preset. */
export function videoStages(input: StageInput): Stage[] {
  const { video } = input.file;
  const defaultPreset: VideoPresetName = video.presets.includes('720p') ? '720p' : '360p';
  return [
    {
      name: 'poster',
      weight: 1,
      maxBytes: MAX_POSTER_BYTES,
      async run() {
        const transform = { fit: 'inside', format: 'webp' } as const;
        const { media } = input.ctx.files;
        const { sizeBytes, stream } = await video.poster();
        const source = { sizeBytes, open: stream };
        const { bytes, ...image } = await media.transformImage(source, transform, input.caller);
        const file = { ...image, sizeBytes: bytes.byteLength, bytes };
        return [await storeVariant(input, 'poster', file)];
      },
    },
    {
      name: 'video',
      weight: 4,
      maxBytes: video.maxBytes(defaultPreset),
      run: async (onPercent) => [
        await storeVariant(input, 'video', await video.convertToMp4(defaultPreset, onPercent)),
      ],
    },
    ...video.presets.map((preset) => renditionStage(input, preset)),
    masterPlaylistStage(input),
  ];
}

function renditionStage(input: StageInput, preset: VideoPresetName): Stage {
  const { video } = input.file;
  const name = `hls-${preset}`;
  return {
    name,
    weight: weights[preset],
    maxBytes: video.maxBytes(preset) + MAX_TEXT_BYTES,
    async run(onPercent) {
      const { file, playlist } = await video.convertToHls(preset, onPercent);
      return [
        await storeVariant(input, name, file),
        await storeVariant(input, `${name}-list`, playlistFile(playlist(uriOf(name)))),
      ];
    },
  };
}

function masterPlaylistStage(input: StageInput): Stage {
  const { video, probe } = input.file;
  return {
    name: 'hls',
    weight: 0,
    maxBytes: MAX_TEXT_BYTES,
    async run() {
      const renditions = video.presets.map((preset) => ({
        uri: uriOf(`hls-${preset}-list`),
        ...video.dimensions(preset),
        bitsPerSecond: video.maxBitsPerSecond(preset),
        hasAudio: probe.audio !== undefined,
      }));
      const playlist = input.ctx.files.media.masterPlaylist(renditions);
      return [await storeVariant(input, 'hls', playlistFile(playlist))];
    },
  };
}

/** The URL of a variant, relative to the URL of a playlist, which is a variant too. */
const uriOf = (variant: string) => `content?variant=${variant}`;

const playlistFile = (text: string) => textFile('application/vnd.apple.mpegurl', text);
