export {
  addDays,
  addHours,
  endOfDay,
  isTimeZone,
  startOfDay,
  toIsoDay,
} from './dates.ts';
export { deepEqual } from './deep-equal.ts';
export { Durations } from './durations.ts';
export { nearest } from './nearest.ts';
export { newId } from './new-id.ts';
export { createRecentSessions, type RecentSessions } from './recent-sessions.ts';
export { type NamedKey, type SigningPair, sign, toSigningPair, verify } from './signatures.ts';
export { maskEmail, slugify, truncate } from './strings.ts';
