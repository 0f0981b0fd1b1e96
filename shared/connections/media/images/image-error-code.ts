/** Why a picture is refused; see `errorsByCode`. */
export type ImageErrorCode =
  | 'IMAGE_TOO_LARGE'
  | 'IMAGE_CORRUPT'
  | 'IMAGE_TOO_COSTLY'
  | 'IMAGE_CROP_OUTSIDE';

/** What the process that decodes finds wrong; our errors would take it longer to load than libvips. */
export class ImageError extends Error {
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode) {
    super(code);
    this.code = code;
  }
}

/** What an error of the image library is to us; it tells kinds apart by message only. */
export function toImageErrorCode(error: unknown): ImageErrorCode | 'FAILED' {
  if (error instanceof ImageError) return error.code;
  const reason = error instanceof Error ? error.message : '';
  if (reason.includes('pixel limit')) return 'IMAGE_TOO_LARGE';
  if (/memory/i.test(reason)) return 'IMAGE_TOO_COSTLY';
  return /^timeout/i.test(reason) ? 'FAILED' : 'IMAGE_CORRUPT';
}
