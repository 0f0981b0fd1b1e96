import { type SerializedError, serializeError } from '@insightdesk/shared/errors';
import {
  addContext,
  currentContext,
  type LineObserver,
  type LogContext,
  redact,
} from '@insightdesk/shared/logging';
import { currentBreadcrumbs, storeBreadcrumb } from './breadcrumbs.ts';
import { markReported } from './mark-reported.ts';
import { createReportLimit } from './report-limit.ts';
import { sanitize } from './sanitize.ts';

/** An event before an error, in the same context. */
export interface Breadcrumb {
  message: string;
  /** For example `log`, `query`, `http`. */
  category?: string;
  level?: 'debug' | 'info' | 'warning' | 'error' | 'fatal';
  fields?: Record<string, unknown>;
}

/** An error as a tracker receives it: redacted like a log line, and bounded. */
export interface ErrorReport {
  error: SerializedError;
  level: 'error' | 'fatal';
  at: Date;
  /** The log message. */
  message?: string;
  context: LogContext;
  fields: Record<string, unknown>;
  breadcrumbs: readonly (Breadcrumb & { at: Date })[];
}

/** Sends reports. `report` must not block, and `close` ends within its deadline. */
export interface ErrorTracker {
  report(report: ErrorReport): void;
  close(deadlineMs: number): Promise<void>;
}

/** Whether an error was reported or dropped by the limit. */
export type ReportOutcome = 'reported' | 'limited';

/** Details of a report beside the error. */
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

/** Sets the error tracker of the process; undefined removes it. */
export function setErrorTracker(
  tracker: ErrorTracker | undefined,
  count: (outcome: ReportOutcome) => void = () => {},
): void {
  tracking = tracker && { tracker, count, isWithinLimit: createReportLimit() };
}

/**
 * Reports an error with the current context. Never throws and never blocks. An error that was
 * reported before, alone or as a cause, is not reported again.
 */
export function captureException(error: unknown, details: ErrorDetails = {}): void {
  if (!tracking) return;
  const { tracker, count, isWithinLimit } = tracking;
  try {
    if (!markReported(error)) return;
    const serialized = isSerialized(error) ? error : serializeError(error);
    const isAllowed = isWithinLimit(serialized);
    count(isAllowed ? 'reported' : 'limited');
    if (isAllowed) tracker.report(toReport(serialized, details));
  } catch {
    // An error of the tracker must not fail the service.
  }
}

/** Adds a breadcrumb for later errors of the current context; does nothing without a context. */
export function addBreadcrumb({ fields = {}, ...crumb }: Breadcrumb): void {
  if (!tracking) return;
  const copy = redact(fields) as Record<string, unknown>;
  storeBreadcrumb({ ...crumb, fields: copy, at: new Date() });
}

/** Sets the user of the current context by id, for reports and log lines. */
export function setUserContext({ id, tenantId }: { id: string; tenantId?: string }): void {
  addContext({ actor: id, ...(tenantId && { tenantId }) });
}

/** How a request failed; `route` is its pattern, because a path may contain secrets. */
export interface ApiFailure {
  method: string;
  route: string;
  status: number;
  code: string;
}

/** Reports for common kinds of errors. */
export const ErrorTracking = {
  /** Reports a request that ended with a status of 500 or more. */
  apiError(error: unknown, { method, route, status, code }: ApiFailure): void {
    const fields = { method, route, status, code };
    if (status >= 500) captureException(error, { message: 'http: request failed', fields });
  },
};

const crumbLevels = { warn: 'warning', trace: 'debug' } as const;

/** Reports logged errors, and stores other lines as breadcrumbs. */
export const reportLoggedErrors: LineObserver = ({ level, message, fields, error }) => {
  if (!tracking) return;
  const { err: _, ...rest } = fields as Record<string, unknown>;
  const isError = level === 'error' || level === 'fatal';
  if (isError && error !== undefined) {
    captureException(error, { level, message, fields: rest });
  }
  const crumbLevel = level === 'warn' || level === 'trace' ? crumbLevels[level] : level;
  // The fields of a line are a copy already.
  storeBreadcrumb({ category: 'log', message, level: crumbLevel, fields: rest, at: new Date() });
};

const contextNames = ['requestId', 'traceId', 'tenantId', 'actor', 'job'] as const;

function toReport(
  error: SerializedError,
  { level = 'error', message, fields }: ErrorDetails,
): ErrorReport {
  const sanitizedFields = sanitize(redact(fields ?? {})) as Record<string, unknown>;
  const context: LogContext = { ...currentContext() };
  for (const name of contextNames) {
    const value = sanitizedFields[name];
    if (typeof value === 'string') context[name] = value;
  }
  return {
    error: sanitize(error),
    level,
    at: new Date(),
    ...(message && { message: sanitize(message) }),
    context,
    fields: sanitizedFields,
    breadcrumbs: sanitize(currentBreadcrumbs()),
  };
}

const isSerialized = (error: unknown): error is SerializedError =>
  typeof error === 'object' &&
  error !== null &&
  !(error instanceof Error) &&
  'name' in error &&
  'message' in error &&
  typeof error.message === 'string';
