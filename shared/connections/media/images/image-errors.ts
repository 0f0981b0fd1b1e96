import { type AppError, DomainValidationError } from '@insightdesk/shared/errors';
import type { ImageErrorCode } from './image-error-code.ts';

export const imageTooLarge = (maxPixels: number, cause?: unknown) =>
  new DomainValidationError(`The image exceeds the limit of ${maxPixels} pixels`, {
    code: 'IMAGE_TOO_LARGE',
    cause,
  });

export const imageCorrupt = (cause?: unknown) =>
  new DomainValidationError('The image is damaged, incomplete or in an unknown format', {
    code: 'IMAGE_CORRUPT',
    cause,
  });

/** The dimensions are allowed, but decoding needs more memory than the limit. */
export const imageTooCostly = (cause?: unknown) =>
  new DomainValidationError('The image takes too much memory', { code: 'IMAGE_TOO_COSTLY', cause });

const cropOutsideImage = () =>
  new DomainValidationError('The crop area is outside the image', { code: 'IMAGE_CROP_OUTSIDE' });

/** The errors of the codes that the image worker returns. */
export const imageErrorsByCode = {
  IMAGE_TOO_LARGE: imageTooLarge,
  IMAGE_CORRUPT: () => imageCorrupt(),
  IMAGE_TOO_COSTLY: () => imageTooCostly(),
  IMAGE_CROP_OUTSIDE: cropOutsideImage,
} satisfies Record<ImageErrorCode, (maxPixels: number) => AppError>;
