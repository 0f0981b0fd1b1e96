import { AppError, type AppErrorOptions, type ErrorOptions } from './app-error.ts';

/** The product's own rules said no; its message is public. */
export class DomainError extends AppError {
  constructor(message: string, options: AppErrorOptions) {
    super(message, { detail: message, ...options });
  }
}

/** 404: does not exist, or not for this caller. */
export class DomainNotFoundError extends DomainError {
  constructor(message = 'Not found', options: ErrorOptions = {}) {
    super(message, { code: 'NOT_FOUND', status: 404, ...options });
  }
}

/** 422: the input breaks a rule; `errors` says where. */
export class DomainValidationError extends DomainError {
  constructor(message = 'The input is not valid', options: ErrorOptions = {}) {
    super(message, { code: 'VALIDATION_FAILED', status: 422, ...options });
  }
}

/** 409: valid input, but not in this state. */
export class DomainBusinessRuleError extends DomainError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'BUSINESS_RULE', status: 409, ...options });
  }
}
