import { type SerializedError, serializeError } from '@insightdesk/shared/errors';
import {
  addContext,
  currentContext,
  type LogContext,
  type ObserveLine,
  redact,
} from '@insightdesk/shared/logging';
import { breadcrumbsSoFar, leaveBreadcrumb } from './breadcrumbs.ts';
import { clean } from './clean.ts';
import { createReportLimit } from './report-limit.ts';
import { isFirstSight } from './sight.ts';

/** What happened before an error, within the same piece of work. */
export interface Breadcrumb {
  message: string;
  /** Such as `log`, `query`, `http`. */
  category?: string;
  level?: 'debug' | 'info' | 'warning' | 'error' | 'fatal';
  fields?: Record<string, unknown>;
}

/** An error as a tracker is given it: clean like a line of the log, and bounded. */
export interface ErrorReport {
  error: SerializedError;
  level: 'error' | 'fatal';
  at: Date;
  /** What was said about it. */
  message?: string;
  context: LogContext;
  fields: Record<string, unknown>;
  breadcrumbs: readonly (Breadcrumb & { at: Date })[];
}

/** Where errors are sent. Neither call may wait for it, and `close` ends within its deadline. */
export interface ErrorTracker {
  report(report: ErrorReport): void;
  close(deadlineMs: number): Promise<void>;
}

/** What became of an error that was to be reported. */
export type ReportOutcome = 'reported' | 'limited';

/** What is known about an error beside itself. */
export interface ErrorDetails {
  level?: 'error' | 'fatal';
  message?: string;
  fields?: object;
}

interface Tracking {
  tracker: ErrorTracker;
  isWithinLimit: (error: SerializedError) => boolean;
  count: (outcome: ReportOutcome) => void;
}

let tracking: Tracking | undefined;

/** From now on this process reports its errors there; undefined ends it. */
export function trackErrors(
  tracker: ErrorTracker | undefined,
  count: (outcome: ReportOutcome) => void = () => {},
): void {
  tracking = tracker && { tracker, count, isWithinLimit: createReportLimit() };
}

/**
 * Reports an error, with who and what the work under way is for. Never throws and never waits. An
 * error that was reported, alone or as the cause of another, is not reported again.
 */
export function captureException(error: unknown, details: ErrorDetails = {}): void {
  if (!tracking) return;
  const { tracker, count, isWithinLimit } = tracking;
  try {
    if (!isFirstSight(error)) return;
    const told = isSerialized(error) ? error : serializeError(error);
    const isAllowed = isWithinLimit(told);
    count(isAllowed ? 'reported' : 'limited');
    if (isAllowed) tracker.report(toReport(told, details));
  } catch {
    // Whatever is wrong with the tracker, it is no reason for the service to fail.
  }
}

/** Notes what an error that comes later may have to do with; outside of any work it does nothing. */
export function addBreadcrumb({ fields = {}, ...crumb }: Breadcrumb): void {
  if (!tracking) return;
  const copy = redact(fields) as Record<string, unknown>;
  leaveBreadcrumb({ ...crumb, fields: copy, at: new Date() });
}

/** Who the work under way is for, by ids and never by names or addresses; the log shows it too. */
export function setUserContext({ id, tenantId }: { id: string; tenantId?: string }): void {
  addContext({ actor: id, ...(tenantId && { tenantId }) });
}

/** How a request ended; `route` is its pattern, as its path may hold what must not be told. */
export interface ApiFailure {
  method: string;
  route: string;
  status: number;
  code: string;
}

/** What errors of one kind have in common. */
export const ErrorTracking = {
  /** A request that ended with a status of 500 or more. */
  apiError(error: unknown, { method, route, status, code }: ApiFailure): void {
    const fields = { method, route, status, code };
    if (status >= 500) captureException(error, { message: 'request failed', fields });
  },
};

const crumbLevels = { warn: 'warning', trace: 'debug' } as const;

/** Reports the errors that are logged, and keeps the lines before them as breadcrumbs. */
export const trackLoggedErrors: ObserveLine = ({ level, message, fields, error }) => {
  if (!tracking) return;
  const { err: _, ...rest } = fields as Record<string, unknown>;
  const isReported = level === 'error' || level === 'fatal';
  if (isReported && error !== undefined) {
    captureException(error, { level, message, fields: rest });
  }
  const grade = level === 'warn' || level === 'trace' ? crumbLevels[level] : level;
  // A line's fields are a copy already.
  leaveBreadcrumb({ category: 'log', message, level: grade, fields: rest, at: new Date() });
};

const contextNames = ['requestId', 'traceId', 'tenantId', 'actor', 'job'] as const;

function toReport(
  error: SerializedError,
  { level = 'error', message, fields }: ErrorDetails,
): ErrorReport {
  const told = clean(redact(fields ?? {})) as Record<string, unknown>;
  const context: LogContext = { ...currentContext() };
  for (const name of contextNames) {
    const value = told[name];
    if (typeof value === 'string') context[name] = value;
  }
  return {
    error: clean(error),
    level,
    at: new Date(),
    ...(message && { message: clean(message) }),
    context,
    fields: told,
    breadcrumbs: clean(breadcrumbsSoFar()),
  };
}

const isSerialized = (error: unknown): error is SerializedError =>
  typeof error === 'object' &&
  error !== null &&
  !(error instanceof Error) &&
  'name' in error &&
  'message' in error &&
  typeof error.message === 'string';
