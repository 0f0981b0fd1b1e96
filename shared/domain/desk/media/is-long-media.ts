import type { ProbeResult } from '@insightdesk/shared/media';

/** Of a Full HD video with 30 frames per second: about a minute of processor time. */
const MAX_SHORT_SECONDS = 60;
const FULL_HD_PIXELS_PER_SECOND = 1920 * 1080 * 30;
/** Copying a larger file takes too long for a short one. */
const MAX_SHORT_BYTES = 256 * 1024 * 1024;

export const isLongFile = (sizeBytes: number): boolean => sizeBytes > MAX_SHORT_BYTES;

/** Whether a conversion takes minutes, so that short files must not wait for it. */
export function isLongMedia({ durationMs, video }: ProbeResult): boolean {
  const pixelsPerSecond = video ? video.width * video.height * video.framesPerSecond : 0;
  const factor = Math.max(1, pixelsPerSecond / FULL_HD_PIXELS_PER_SECOND);
  return (durationMs / 1000) * factor > MAX_SHORT_SECONDS;
}
