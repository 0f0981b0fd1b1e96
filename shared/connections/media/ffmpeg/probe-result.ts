import { z } from 'zod';
import { MediaFileErrors } from './media-file-errors.ts';

/** What ffprobe reports about a media file. */
export interface ProbeResult {
  format: string;
  durationMs: number;
  video?: {
    codec: string;
    /** As displayed, in square pixels. */
    width: number;
    height: number;
    framesPerSecond: number;
    hasColorSpace: boolean;
  };
  audio?: { codec: string; channels: number; sampleRate: number };
}

const streamSchema = z.object({
  codec_type: z.string().optional(),
  codec_name: z.string().default('unknown'),
  width: z.number().default(0),
  height: z.number().default(0),
  sample_aspect_ratio: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  color_space: z.string().optional(),
  channels: z.number().default(0),
  sample_rate: z.coerce.number().default(0),
  duration: z.coerce.number().optional(),
  disposition: z.object({ attached_pic: z.number().default(0) }).optional(),
  side_data_list: z.array(z.object({ rotation: z.number().optional() })).default([]),
});

const outputSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z.object({ format_name: z.string(), duration: z.coerce.number().optional() }),
});

/** Parses the JSON of ffprobe; throws DomainValidationError. */
export function parseProbeOutput(text: string): ProbeResult {
  const { streams, format } = parseJson(text);
  const findStream = (type: string) =>
    streams.find((stream) => stream.codec_type === type && !stream.disposition?.attached_pic);
  const [video, audio] = [findStream('video'), findStream('audio')];
  if (!video && !audio) throw MediaFileErrors.Empty();
  const seconds = format.duration ?? video?.duration ?? audio?.duration ?? 0;
  if (video && video.width * video.height === 0) throw MediaFileErrors.Corrupt();
  return {
    format: format.format_name,
    durationMs: Math.max(0, Math.round(seconds * 1000)),
    ...(video && { video: toVideo(video) }),
    ...(audio && {
      audio: {
        codec: audio.codec_name,
        channels: audio.channels,
        sampleRate: audio.sample_rate,
      },
    }),
  };
}

function parseJson(text: string) {
  try {
    return outputSchema.parse(JSON.parse(text));
  } catch (error) {
    throw MediaFileErrors.Corrupt(error);
  }
}

function toVideo(video: z.output<typeof streamSchema>) {
  const squareWidth = Math.round(video.width * parseRatio(video.sample_aspect_ratio, ':', 1));
  const isRotated = video.side_data_list.some(
    ({ rotation = 0 }) => Math.abs(rotation) % 180 === 90,
  );
  const [width, height] = isRotated ? [video.height, squareWidth] : [squareWidth, video.height];
  return {
    codec: video.codec_name,
    width,
    height,
    framesPerSecond:
      parseRatio(video.avg_frame_rate, '/', 0) || parseRatio(video.r_frame_rate, '/', 25),
    hasColorSpace: ![undefined, 'unknown', 'reserved'].includes(video.color_space),
  };
}

/** Parses `16:9` or `30000/1001`; returns `fallback` for a ratio that makes no sense. */
function parseRatio(text: string | undefined, separator: string, fallback: number): number {
  const [over = 0, under = 0] = (text ?? '').split(separator).map(Number);
  const value = over / under;
  return Number.isFinite(value) && value > 0 && value < 1000 ? value : fallback;
}
