import { z } from 'zod';
import { MediaFileErrors } from './media-file-errors.ts';

/** What is known of a video or a sound. */
export interface ProbeResult {
  format: string;
  durationMs: number;
  video?: {
    codec: string;
    /** As it is looked at, in square pixels. */
    width: number;
    height: number;
    framesPerSecond: number;
    /** Whether its colours say how they are meant. */
    hasColours: boolean;
  };
  audio?: { codec: string; channels: number; sampleRate: number };
}

const stream = z.object({
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

const probed = z.object({
  streams: z.array(stream).default([]),
  format: z.object({ format_name: z.string(), duration: z.coerce.number().optional() }),
});

/** Reads what ffprobe said; throws DomainValidationError. */
export function parseProbeOutput(text: string): ProbeResult {
  const { streams, format } = parse(text);
  const kind = (name: string) =>
    streams.find((one) => one.codec_type === name && !one.disposition?.attached_pic);
  const [video, audio] = [kind('video'), kind('audio')];
  if (!video && !audio) throw MediaFileErrors.Empty();
  const seconds = format.duration ?? video?.duration ?? audio?.duration ?? 0;
  if (video && video.width * video.height === 0) throw MediaFileErrors.Corrupt();
  return {
    format: format.format_name,
    durationMs: Math.max(0, Math.round(seconds * 1000)),
    ...(video && { video: readVideo(video) }),
    ...(audio && {
      audio: {
        codec: audio.codec_name,
        channels: audio.channels,
        sampleRate: audio.sample_rate,
      },
    }),
  };
}

function parse(text: string) {
  try {
    return probed.parse(JSON.parse(text));
  } catch (error) {
    throw MediaFileErrors.Corrupt(error);
  }
}

function readVideo(video: z.output<typeof stream>) {
  const width = Math.round(video.width * ratio(video.sample_aspect_ratio, ':', 1));
  const turns = video.side_data_list.some(({ rotation = 0 }) => Math.abs(rotation) % 180 === 90);
  const [wide, high] = turns ? [video.height, width] : [width, video.height];
  return {
    codec: video.codec_name,
    width: wide,
    height: high,
    framesPerSecond: ratio(video.avg_frame_rate, '/', 0) || ratio(video.r_frame_rate, '/', 25),
    hasColours: ![undefined, 'unknown', 'reserved'].includes(video.color_space),
  };
}

/** `16:9` or `30000/1001`; what makes no sense is as it usually is. */
function ratio(text: string | undefined, separator: string, usual: number): number {
  const [over = 0, under = 0] = (text ?? '').split(separator).map(Number);
  const value = over / under;
  return Number.isFinite(value) && value > 0 && value < 1000 ? value : usual;
}
