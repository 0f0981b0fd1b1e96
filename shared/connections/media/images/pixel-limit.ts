/**
 * Memory per pixel of a format's decoder, relative to most others, which need up to 8 bytes: the
 * AV1 decoder was measured at 19.
 */
const costs: Readonly<Record<string, number>> = { avif: 4 };

/** The pixel limit of a format, where formats of normal cost have `maxPixels`. */
export const maxPixelsOf = (format: string, maxPixels: number): number =>
  Math.floor(maxPixels / (costs[format] ?? 1));
