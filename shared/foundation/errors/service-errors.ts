import { AppError, type AppErrorOptions, type ErrorOptions } from './app-error.ts';

/** A request that the service turns away; its message is public. */
export class ServiceError extends AppError {
  constructor(message: string, options: AppErrorOptions) {
    super(message, { detail: message, ...options });
  }
}

/** 401: nobody known, or no longer. */
export class UnauthenticatedError extends ServiceError {
  constructor(message = 'Sign in first', options: ErrorOptions = {}) {
    super(message, {
      code: 'UNAUTHENTICATED',
      status: 401,
      headers: { 'WWW-Authenticate': 'Bearer' },
      ...options,
    });
  }
}

/** 403: known, but not allowed. */
export class ForbiddenError extends ServiceError {
  constructor(message = 'You may not do this', options: ErrorOptions = {}) {
    super(message, { code: 'FORBIDDEN', status: 403, ...options });
  }
}

/** 403: nothing but setting up a second factor is allowed until one is proven. */
export class FactorRequiredError extends ForbiddenError {
  constructor() {
    super('This organisation requires a second factor: set one up, or sign in again with yours', {
      code: 'TWO_FACTOR_SETUP_REQUIRED',
    });
  }
}

/** 409: the state has changed meanwhile or exists already. */
export class ConflictError extends ServiceError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'CONFLICT', status: 409, ...options });
  }
}

/** 413: more bytes than the limit. */
export class PayloadTooLargeError extends ServiceError {
  constructor(message = 'The request is too large', options: ErrorOptions = {}) {
    super(message, { code: 'PAYLOAD_TOO_LARGE', status: 413, ...options });
  }
}

/** 415: content of a kind that is not accepted. */
export class UnsupportedMediaTypeError extends ServiceError {
  constructor(message = 'This kind of content is not accepted', options: ErrorOptions = {}) {
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

/** 503: temporarily not able to answer; `retryAfterSeconds` becomes the Retry-After header. */
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
