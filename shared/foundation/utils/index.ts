export { contentDisposition } from './content-disposition.ts';
export {
  addDays,
  addHours,
  endOfDay,
  isTimeZone,
  nextTimeOfDay,
  startOfDay,
  toIsoDay,
} from './dates.ts';
export { deepEqual } from './deep-equal.ts';
export { didYouMean } from './did-you-mean.ts';
export { Histogram } from './histogram.ts';
export { ipPrefix } from './ip-prefix.ts';
export { newId } from './new-id.ts';
export { createRecentSessions, type RecentSessions } from './recent-sessions.ts';
export { sign, toSigningKeyPair, verify } from './signatures.ts';
export { maskEmail, slugify, truncate } from './strings.ts';
