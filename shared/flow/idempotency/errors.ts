import { ConflictError, DomainValidationError, ServiceError } from '@insightdesk/shared/errors';

/** Everything that can be wrong with a request that carries an Idempotency-Key. */
export const IdempotencyErrors = {
  KeyInvalid: () =>
    new ServiceError('An Idempotency-Key has 1 to 255 visible ASCII characters', {
      code: 'IDEMPOTENCY_KEY_INVALID',
      status: 400,
    }),
  InFlight: () =>
    new ConflictError('The first request with this Idempotency-Key is still being answered', {
      code: 'IDEMPOTENCY_IN_FLIGHT',
      retryable: true,
      headers: { 'Retry-After': '1' },
    }),
  KeyReused: () =>
    new DomainValidationError('This Idempotency-Key stands for another request', {
      code: 'IDEMPOTENCY_KEY_REUSED',
    }),
  AnswerGone: () =>
    new ConflictError('This request was taken before, and its answer is gone: read what it did', {
      code: 'IDEMPOTENCY_ANSWER_GONE',
    }),
};
