import type { ErrorReport } from '@insightdesk/shared/error-tracking';
import type { SerializedError } from '@insightdesk/shared/errors';
import type { Scope } from '@sentry/bun';

/** Builds an error with causes from its serialized form. */
export function toError(serialized: SerializedError): Error {
  const { name, message, stack, cause, errors } = serialized;
  const options = cause && { cause: toError(cause) };
  const error = errors
    ? new AggregateError(errors.map(toError), message, options)
    : new Error(message, options);
  error.name = name;
  error.stack = stack ?? `${name}: ${message}`;
  return error;
}

/** Sets everything of a report except the error on the scope. */
export function toScope(
  scope: Scope,
  { error, level, message, context, fields, breadcrumbs }: ErrorReport,
  { service, replica }: { service: string; replica: string },
): Scope {
  const { actor, requestId, traceId, tenantId, job } = context;
  const { code, status } = error;
  scope.setLevel(level);
  for (const [name, value] of Object.entries({
    service,
    replica,
    tenantId,
    requestId,
    job,
    code,
    status,
  })) {
    if (value !== undefined) scope.setTag(name, value);
  }
  if (actor) scope.setUser({ id: actor });
  if (traceId && /^[0-9a-f]{32}$/.test(traceId)) {
    scope.setPropagationContext({ traceId, sampleRand: 0, propagationSpanId: traceId.slice(16) });
  }
  const { constraint, table, issues } = error;
  scope.setContext('details', { message, ...fields, ...(constraint && { constraint, table }) });
  if (issues) scope.setContext('input', { issues });
  for (const { at, message: crumb, category, level: crumbLevel, fields: data } of breadcrumbs) {
    scope.addBreadcrumb({
      timestamp: at.getTime() / 1_000,
      message: crumb,
      ...(category && { category }),
      ...(crumbLevel && { level: crumbLevel }),
      ...(data && { data }),
    });
  }
  return scope;
}
