import { ConflictError, DomainValidationError, ServiceError } from '@insightdesk/shared/errors';

/** Errors of requests with an Idempotency-Key. */
export const IdempotencyErrors = {
  KeyInvalid: () =>
    new ServiceError('An Idempotency-Key must have 1 to 255 visible ASCII characters', {
      code: 'IDEMPOTENCY_KEY_INVALID',
      status: 400,
    }),
  InFlight: () =>
    new ConflictError('The first request with this Idempotency-Key is still in progress', {
      code: 'IDEMPOTENCY_IN_FLIGHT',
      retryable: true,
      headers: { 'Retry-After': '1' },
    }),
  KeyReused: () =>
    new DomainValidationError('This Idempotency-Key was used for another request', {
      code: 'IDEMPOTENCY_KEY_REUSED',
    }),
  ResponseUnavailable: () =>
    new ConflictError(
      'This request was processed before, and its response is not stored: read the resource',
      {
        code: 'IDEMPOTENCY_ANSWER_GONE',
      },
    ),
};
