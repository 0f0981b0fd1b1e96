import { AppError, type AppErrorOptions, type ErrorOptions } from './app-error.ts';

/** Something we depend on failed; its message is never public. */
export class InfrastructureError extends AppError {
  constructor(message: string, options: Partial<AppErrorOptions> = {}) {
    super(message, { code: 'INFRASTRUCTURE_ERROR', status: 500, ...options });
  }
}

/** The database refused or was not reached. */
export class DatabaseError extends InfrastructureError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'DATABASE_ERROR', ...options });
  }
}

/** A dependency answered with something of the wrong shape. */
export class ValidationError extends InfrastructureError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'DEPENDENCY_INVALID', status: 502, ...options });
  }
}

/** A dependency was not reached over the network; retryable unless said otherwise. */
export class NetworkError extends InfrastructureError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'NETWORK_ERROR', status: 502, retryable: true, ...options });
  }
}
