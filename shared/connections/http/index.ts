/** What every HTTP server of ours does around its routes; nothing here knows the product. */
export { answerProblem } from './answer-problem.ts';
export { bearer } from './bearer.ts';
export { type ByteRange, parseByteRange } from './byte-range.ts';
export {
  type AddressSource,
  clientAddress,
  createAddressReader,
  type ReadAddress,
} from './client-address.ts';
export { cookieSession, requireOwnPage } from './cookie-session.ts';
export { corsByList } from './cors-by-list.ts';
export { matchesEtag } from './entity-tag.ts';
export type { Caller, HttpEnv, Peer } from './env.ts';
export { createHealthApp, type HealthAppOptions } from './health-app.ts';
export { jsonLimit, readJsonObject } from './json-body.ts';
export { limitRequests, network, type RequestLimits, tooMany } from './limit-requests.ts';
export { type Load, watchLoad } from './load.ts';
export { isRangeOfSame, judgeConditions, type Validators } from './preconditions.ts';
export {
  createRateLimits,
  type Names,
  type RateLimit,
  type RateLimits,
  type RateRow,
} from './rate-limit.ts';
export { requestId } from './request-id.ts';
export { type Answered, requestLog } from './request-log.ts';
export { createRequestMetrics } from './request-metrics.ts';
export { securityHeaders } from './security-headers.ts';
export { type Host, serveHttp } from './serve-http.ts';
export { comesFrom, readCookie, SESSION_MODE, sessionCookies } from './session-cookies.ts';
export { shedLoad } from './shed-load.ts';
export { traceRequests } from './trace-requests.ts';
