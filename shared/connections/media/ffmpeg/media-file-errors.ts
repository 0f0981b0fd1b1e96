import { DomainValidationError, InfrastructureError } from '@insightdesk/shared/errors';

const invalid = (code: string, message: string) => (cause?: unknown) =>
  new DomainValidationError(message, { code, cause });

export const MediaFileErrors = {
  Corrupt: invalid(
    'RECORDING_CORRUPT',
    'The media file is damaged, incomplete or in an unknown format',
  ),
  Empty: invalid('RECORDING_EMPTY', 'The media file has neither video nor audio'),
  TooLong: invalid('RECORDING_TOO_LONG', 'The media file exceeds the maximum duration'),
  TooLarge: invalid('RECORDING_TOO_LARGE', 'The video exceeds the maximum dimensions'),
  TooCostly: invalid('RECORDING_TOO_COSTLY', 'The media file takes too much memory or time'),
};

/** ffmpeg is not installed, or not yet; retryable. */
export class MediaToolsMissingError extends InfrastructureError {
  constructor() {
    super('ffmpeg is not installed', { code: 'MEDIA_TOOLS_MISSING', retryable: true });
  }
}
