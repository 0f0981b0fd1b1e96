/** Why an image is rejected; see `imageErrorsByCode`. */
export type ImageErrorCode =
  | 'IMAGE_TOO_LARGE'
  | 'IMAGE_CORRUPT'
  | 'IMAGE_TOO_COSTLY'
  | 'IMAGE_CROP_OUTSIDE';

/** An error inside the image worker, which does not load the application's errors: they load slowly. */
export class ImageError extends Error {
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode) {
    super(code);
    this.code = code;
  }
}

/** Maps an error of sharp, which differ by message only, to a code. */
export function toImageErrorCode(error: unknown): ImageErrorCode | 'FAILED' {
  if (error instanceof ImageError) return error.code;
  const message = error instanceof Error ? error.message : '';
  if (message.includes('pixel limit')) return 'IMAGE_TOO_LARGE';
  if (/memory/i.test(message)) return 'IMAGE_TOO_COSTLY';
  return /^timeout|file is missing/i.test(message) ? 'FAILED' : 'IMAGE_CORRUPT';
}
