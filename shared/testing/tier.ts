/** Whether `npm run test:long` runs the test, at full size. */
export const isLongTier = process.env.TEST_TIER === 'long';

/** The size of a test: small for `npm test`, full for `npm run test:long`. */
export const bySize = <T>(small: T, full: T): T => (isLongTier ? full : small);
