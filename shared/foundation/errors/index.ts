export { AppError } from './app-error.ts';
export * from './domain-errors.ts';
export * from './infrastructure-errors.ts';
export { isRetryable } from './is-retryable.ts';
export { outageCode } from './outage-code.ts';
export { type SerializedError, serializeError } from './serialize-error.ts';
export * from './service-errors.ts';
export * from './technical-errors.ts';
export { type Problem, toProblem } from './to-problem.ts';
