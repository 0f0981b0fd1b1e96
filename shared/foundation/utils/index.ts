export {
  addDays,
  addHours,
  endOfDay,
  isTimeZone,
  startOfDay,
  toIsoDay,
} from './dates.ts';
export { deepEqual } from './deep-equal.ts';
export { nearest } from './nearest.ts';
export { newId } from './new-id.ts';
export { maskEmail, slugify, truncate } from './strings.ts';
