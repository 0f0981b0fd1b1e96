import { isDeepStrictEqual } from 'node:util';

/** Whether two values have the same structure, types and contents. */
export function deepEqual(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}
