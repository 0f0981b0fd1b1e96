import { InfrastructureError } from '@insightdesk/shared/errors';

/** A media process crashed, timed out or returned nothing; retryable. */
export class MediaProcessError extends InfrastructureError {
  constructor(cause?: unknown) {
    super('A media process ended unexpectedly', {
      code: 'MEDIA_PROCESS_DIED',
      retryable: true,
      cause,
    });
  }
}
