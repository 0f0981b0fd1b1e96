import { AppError, type AppErrorOptions, type ErrorOptions } from './app-error.ts';

/** A dependency failed; the message is never public. */
export class InfrastructureError extends AppError {
  constructor(message: string, options: Partial<AppErrorOptions> = {}) {
    super(message, { code: 'INFRASTRUCTURE_ERROR', status: 500, ...options });
  }
}

/** The database refused or is unreachable. */
export class DatabaseError extends InfrastructureError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'DATABASE_ERROR', ...options });
  }
}

/** The response of a dependency is invalid. */
export class ValidationError extends InfrastructureError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'DEPENDENCY_INVALID', status: 502, ...options });
  }
}

/** A dependency is unreachable over the network; retryable by default. */
export class NetworkError extends InfrastructureError {
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, { code: 'NETWORK_ERROR', status: 502, retryable: true, ...options });
  }
}
