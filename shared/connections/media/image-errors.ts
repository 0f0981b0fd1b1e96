import { DomainValidationError, InfrastructureError } from '@insightdesk/shared/errors';

/** Puts an error of the image library into our words; it tells kinds apart by message only. */
export function toImageError(cause: unknown, maxPixels: number) {
  const reason = cause instanceof Error ? cause.message : '';
  if (reason.includes('pixel limit')) {
    const message = `The image has more than the allowed ${maxPixels} pixels`;
    return new DomainValidationError(message, { code: 'IMAGE_TOO_LARGE', cause });
  }
  if (/file is missing|^timeout|memory/i.test(reason)) {
    return new InfrastructureError('An image could not be processed', { retryable: true, cause });
  }
  const message = 'The image is damaged, incomplete or of an unknown kind';
  return new DomainValidationError(message, { code: 'IMAGE_CORRUPT', cause });
}
