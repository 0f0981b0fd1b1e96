import { AppError, type AppErrorOptions, type ErrorOptions } from './app-error.ts';

/** The service refuses a request; the message is public. */
export class ServiceError extends AppError {
  constructor(message: string, options: AppErrorOptions) {
    super(message, { detail: message, ...options });
  }
}

/** 401: missing, invalid or expired authentication. */
export class UnauthenticatedError extends ServiceError {
  constructor(message = 'Authentication is required', options: ErrorOptions = {}) {
    super(message, {
      code: 'UNAUTHENTICATED',
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
      ...options,
    });
  }
}

/** 403: authenticated, but without permission. */
export class ForbiddenError extends ServiceError {
  constructor(message = 'Permission denied', options: ErrorOptions = {}) {
    super(message, { code: 'FORBIDDEN', status: 403, ...options });
  }
}

/** 403: only the setup of a second factor is allowed until it is verified. */
export class TwoFactorSetupRequiredError extends ForbiddenError {
  constructor() {
    super(
      'This organization requires two-factor authentication: set it up, or log in again with it',
      {
        code: 'TWO_FACTOR_SETUP_REQUIRED',
      },
    );
  }
}

/** 409: the resource has changed or exists already. */
export class ConflictError extends ServiceError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'CONFLICT', status: 409, ...options });
  }
}

/** 413: the body exceeds the limit. */
export class PayloadTooLargeError extends ServiceError {
  constructor(message = 'The request is too large', options: ErrorOptions = {}) {
    super(message, { code: 'PAYLOAD_TOO_LARGE', status: 413, ...options });
  }
}

/** 415: the content type is not supported. */
export class UnsupportedMediaTypeError extends ServiceError {
  constructor(message = 'The content type is not supported', options: ErrorOptions = {}) {
    super(message, { code: 'UNSUPPORTED_MEDIA_TYPE', status: 415, ...options });
  }
}

/** 429: `retryAfterSeconds` becomes the Retry-After header. */
export class TooManyRequestsError extends ServiceError {
  constructor(
    message = 'Too many requests, try again later',
    { retryAfterSeconds, ...options }: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    const headers = { ...options.headers, ...retryAfter(retryAfterSeconds) };
    const defaults = { code: 'TOO_MANY_REQUESTS', status: 429, retryable: true };
    super(message, { ...defaults, ...options, headers });
  }
}

/** 503: temporarily unavailable; `retryAfterSeconds` becomes the Retry-After header. */
export class UnavailableError extends ServiceError {
  constructor(
    message = 'Temporarily unavailable, try again shortly',
    { retryAfterSeconds, ...options }: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    const headers = { ...options.headers, ...retryAfter(retryAfterSeconds) };
    const defaults = { code: 'UNAVAILABLE', status: 503, retryable: true };
    super(message, { ...defaults, ...options, headers });
  }
}

function retryAfter(seconds: number | undefined): Record<string, string> {
  return seconds === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) };
}
