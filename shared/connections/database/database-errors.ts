import {
  AppError,
  DatabaseError,
  DomainValidationError,
  ForbiddenError,
  TwoFactorSetupRequiredError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import { ServerError, staleRoutines } from './pipeline/server-error.ts';

/** PostgreSQL's SQLSTATE or postgres.js's own code of a failed query, also through Drizzle. */
export function sqlState(error: unknown): string | undefined {
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    if (!(e instanceof AppError) && 'code' in e && typeof e.code === 'string') return e.code;
  }
  return undefined;
}

/** The constraint that a rejected write violated. */
export function violatedConstraint(error: unknown): string | undefined {
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    if ('constraint_name' in e && typeof e.constraint_name === 'string') return e.constraint_name;
  }
  return undefined;
}

/** For `.catch` of a write: another error when it violated this constraint. */
export const onViolation = (constraint: string, createError: () => Error) => (error: unknown) => {
  throw violatedConstraint(error) === constraint ? createError() : error;
};

const conflicts = new Set(['40001', '40P01']);
const losses = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08003',
  '08006',
  'CONNECTION_LOST',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
]);

/** Serialization failure or deadlock: the same transaction may succeed when run again. */
export const isConflict = (error: unknown): boolean => conflicts.has(sqlState(error) ?? '');

/** A prepared statement is gone or no longer fits: it must be prepared again. */
export const isStaleStatement = (error: unknown): boolean =>
  error instanceof ServerError && staleRoutines.has(error.routine ?? '');

/** Access in the organization changed since the session was authorized: it must be authorized again. */
export const isReauthorizationRequired = (error: unknown): boolean => sqlState(error) === 'ID005';

/** The connection was lost. */
export const isConnectionLoss = (error: unknown): boolean => losses.has(sqlState(error) ?? '');

/** The server cancelled a statement that took too long. */
export const isTimeout = (error: unknown): boolean => sqlState(error) === '57014';

/** Raised by app.authorize() when the session was revoked. */
const SESSION_NOT_LIVE = 'ID001';
/** Raised by app.authorize() when the session is live but nobody may come in. */
const ORGANIZATION_DISABLED = 'ID002';
/** Raised by app.authorize() when the organization requires a second factor that the session has not proven. */
const FACTOR_REQUIRED = 'ID004';
/** Raised by app.authorize() when the session is live but what its member may do has changed. */
const ACCESS_CHANGED = 'ID003';

/** A text, or one within JSON, has a character that PostgreSQL cannot hold, such as NUL. */
const unstorable = new Set(['22021', '22P05']);

/** Turns what the driver threw into the house's errors; leaves those as they are. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) return error;
  if (error instanceof Error && error.cause instanceof AppError) return error.cause;
  const state = sqlState(error);
  if (state === SESSION_NOT_LIVE) {
    return new UnauthenticatedError('This session has ended', { code: 'SESSION_ENDED' });
  }
  if (state === ACCESS_CHANGED) {
    const message = 'What you may do has changed; refresh your token';
    return new UnauthenticatedError(message, { code: 'ACCESS_CHANGED' });
  }
  if (state === ORGANIZATION_DISABLED) {
    return new ForbiddenError('This organization is disabled', { code: 'ORGANIZATION_DISABLED' });
  }
  if (state === FACTOR_REQUIRED) return new TwoFactorSetupRequiredError();
  if (state === undefined) return error;
  if (unstorable.has(state)) {
    return new DomainValidationError('A text has a character that cannot be stored');
  }
  const unavailable = isConnectionLoss(error);
  return new DatabaseError(`PostgreSQL refused a statement (${state})`, {
    cause: error,
    retryable: unavailable || isConflict(error),
    ...(unavailable && { status: 503, code: 'DATABASE_UNAVAILABLE' }),
  });
}
