export { AppError, type AppErrorOptions, type ErrorOptions, type FieldError } from './app-error.ts';
export { awayCode } from './away-code.ts';
export * from './domain-errors.ts';
export * from './infrastructure-errors.ts';
export { type Problem, toProblem } from './problem.ts';
export { isRetryable } from './retryable.ts';
export { type SerializedError, serializeError } from './serialize.ts';
export * from './service-errors.ts';
export * from './technical-errors.ts';
