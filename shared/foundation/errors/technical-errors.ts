import { AppError, type ErrorOptions } from './app-error.ts';

/** Our own code failed; the message is never public. */
export class TechnicalError extends AppError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'INTERNAL', status: 500, ...options });
  }
}

/** The configuration is invalid; `message` lists all errors without values. */
export class ConfigurationError extends TechnicalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'CONFIGURATION_ERROR', ...options });
  }
}

/** A part of the service could not be built or started. */
export class InitializationError extends TechnicalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'INITIALIZATION_ERROR', ...options });
  }
}

/** The process or the machine failed. */
export class SystemError extends TechnicalError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'SYSTEM_ERROR', ...options });
  }
}
