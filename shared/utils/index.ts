export {
  addDays,
  addHours,
  addSeconds,
  endOfDay,
  isTimeZone,
  startOfDay,
  toIsoDay,
} from './dates.ts';
export { deepEqual } from './deep-equal.ts';
export { fromUuid, type Id, type IdPrefix, idSchema, isId, newId, toUuid } from './ids.ts';
export { nearest } from './nearest.ts';
export { maskEmail, slugify, truncate } from './strings.ts';
