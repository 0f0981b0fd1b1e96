import { AppError, type AppErrorOptions, type ErrorOptions, type FieldError } from './app-error.ts';

/** A rule of the product is violated; the message is public. */
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

/** 422: the input is invalid; `errors` lists the fields, which the default detail names. */
export class DomainValidationError extends DomainError {
  constructor(message?: string, options: ErrorOptions = {}) {
    super(message ?? 'The input is invalid', {
      code: 'VALIDATION_FAILED',
      status: 422,
      detail: message ?? describeFields(options.errors),
      ...options,
    });
  }
}

const MAX_NAMED_FIELDS = 5;
const MAX_NAME_LENGTH = 60;

function describeFields(errors: readonly FieldError[] = []): string {
  const names = [...new Set(errors.map(({ path }) => path))].filter(Boolean);
  if (names.length === 0) return 'The input is invalid';
  const shown = names.slice(0, MAX_NAMED_FIELDS).map((name) => name.slice(0, MAX_NAME_LENGTH));
  const rest = names.length > shown.length ? ', …' : '';
  const subject = names.length === 1 ? '1 field is' : `${names.length} fields are`;
  return `${subject} invalid: ${shown.join(', ')}${rest}`;
}

/** 409: the input is valid, but not in the current state. */
export class DomainBusinessRuleError extends DomainError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'BUSINESS_RULE', status: 409, ...options });
  }
}
