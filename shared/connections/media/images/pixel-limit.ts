/**
 * How much more than the others a format's decoder takes for a pixel: they need up to 8 bytes, that
 * of AV1 was measured at 19, most of it at once.
 */
const weights: Readonly<Record<string, number>> = { avif: 4 };

/** How many pixels a picture of this format may have where others may have `maxPixels`. */
export const maxPixelsOf = (format: string, maxPixels: number): number =>
  Math.floor(maxPixels / (weights[format] ?? 1));
