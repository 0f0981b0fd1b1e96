import { AppError, type ErrorOptions } from './app-error.ts';

/** Our own machinery failed; its message is never public. */
export class TechnicalError extends AppError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'INTERNAL', status: 500, ...options });
  }
}

/** The configuration cannot be used; `message` and `errors` list every fault without values. */
export class ConfigurationError extends TechnicalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'CONFIGURATION_ERROR', ...options });
  }
}

/** A part could not be started or put together. */
export class InitializationError extends TechnicalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'INITIALIZATION_ERROR', ...options });
  }
}

/** The process or the machine below it misbehaved. */
export class SystemError extends TechnicalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'SYSTEM_ERROR', ...options });
  }
}
