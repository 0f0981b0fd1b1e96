import { DomainValidationError, InfrastructureError } from '@insightdesk/shared/errors';

const refusal = (code: string, message: string) => (cause?: unknown) =>
  new DomainValidationError(message, { code, cause });

/** Everything that can be wrong with a video or a sound. */
export const MediaFileErrors = {
  Corrupt: refusal(
    'RECORDING_CORRUPT',
    'The recording is damaged, incomplete or of an unknown kind',
  ),
  Empty: refusal('RECORDING_EMPTY', 'The recording has neither pictures nor sound'),
  TooLong: refusal('RECORDING_TOO_LONG', 'The recording takes longer than is allowed'),
  TooLarge: refusal('RECORDING_TOO_LARGE', 'The pictures of the recording are too large'),
  TooCostly: refusal('RECORDING_TOO_COSTLY', 'The recording takes too much memory or time'),
};

/** ffmpeg is not there, or not yet. */
export class MediaToolsMissingError extends InfrastructureError {
  constructor() {
    super('There is no ffmpeg', { code: 'MEDIA_TOOLS_MISSING', retryable: true });
  }
}
