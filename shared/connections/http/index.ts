/** Middleware and helpers of all HTTP servers; independent of the product. */

export { bearerAuth } from './bearer-auth.ts';
export {
  type AddressSource,
  clientAddress,
  createAddressReader,
  type ReadAddress,
} from './client-address.ts';
export { checkCsrf, cookieAuth } from './cookie-auth.ts';
export { corsAllowlist } from './cors-allowlist.ts';
export { createHealthApp, type HealthAppOptions } from './create-health-app.ts';
export { errorHandler } from './error-handler.ts';
export { evaluatePreconditions, type Validators } from './evaluate-preconditions.ts';
export type { Caller, HttpEnv } from './http-env.ts';
export { limitConcurrentRequests } from './limits/limit-concurrent-requests.ts';
export { limitRequests, tooManyRequests } from './limits/limit-requests.ts';
export {
  type CheckRateLimit,
  createRateLimitChecker,
  createRateLimits,
  purgeTenant,
  type RateLimitKeys,
  type RateLimits,
} from './limits/rate-limits.ts';
export { shedLoad } from './limits/shed-load.ts';
export { type LoadState, watchLoad } from './limits/watch-load.ts';
export { matchesEtag } from './matches-etag.ts';
export { jsonLimit, readJsonObject } from './read-json-object.ts';
export { requestId } from './request-id.ts';
export { requestLog } from './request-log.ts';
export { createRequestMetrics } from './request-metrics.ts';
export { securityHeaders } from './security-headers.ts';
export { selectRange } from './select-range.ts';
export { serveHttp } from './serve-http.ts';
export {
  isAllowedOrigin,
  readCookie,
  SESSION_MODE_HEADER,
  sessionCookies,
} from './session-cookies.ts';
export { traceRequests } from './trace-requests.ts';
