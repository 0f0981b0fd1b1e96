import {
  type AppError,
  DomainValidationError,
  InfrastructureError,
} from '@insightdesk/shared/errors';
import type { ImageErrorCode } from './image-error-code.ts';

export const imageTooLarge = (pixels: number, cause?: unknown) =>
  new DomainValidationError(`The image has more than the allowed ${pixels} pixels`, {
    code: 'IMAGE_TOO_LARGE',
    cause,
  });

export const imageCorrupt = (cause?: unknown) =>
  new DomainValidationError('The image is damaged, incomplete or of an unknown kind', {
    code: 'IMAGE_CORRUPT',
    cause,
  });

/** It fits by its header, and yet wants more memory than a picture is given. */
export const imageTooCostly = (cause?: unknown) =>
  new DomainValidationError('The image takes too much memory', { code: 'IMAGE_TOO_COSTLY', cause });

export const cropOutsideImage = () =>
  new DomainValidationError('The image has no such part', { code: 'IMAGE_CROP_OUTSIDE' });

/** The process that decodes died, took too long or said nothing; worth another try, or a few. */
export class MediaProcessError extends InfrastructureError {
  constructor(cause?: unknown) {
    super('An image could not be processed', {
      code: 'MEDIA_PROCESS_DIED',
      retryable: true,
      cause,
    });
  }
}

/** Errors by what a process that ends may say of them. */
export const imageErrorsByCode = {
  IMAGE_TOO_LARGE: imageTooLarge,
  IMAGE_CORRUPT: () => imageCorrupt(),
  IMAGE_TOO_COSTLY: () => imageTooCostly(),
  IMAGE_CROP_OUTSIDE: cropOutsideImage,
} satisfies Record<ImageErrorCode, (pixels: number) => AppError>;
