import { expect, test } from 'bun:test';
import { newTotpSecret, stepOf, totpUrl } from './totp.ts';

/** RFC 6238, appendix B; the last six of its eight digits. */
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [2_000_000_000, '279037'],
])('at %d s the code is the one of RFC 6238', (seconds, code) => {
  expect(stepOf(secret, code, seconds * 1000)).toBe(Math.floor(seconds / 30));
});

test('the clocks may differ by one step to either side, and no more', () => {
  const seen = [-60, -30, 0, 30, 60].map((by) =>
    stepOf(secret, '081804', (1_111_111_109 + by) * 1000),
  );
  expect(seen).toEqual([undefined, 37_037_036, 37_037_036, 37_037_036, undefined]);
});

test('what is not six digits is no code', () => {
  for (const code of ['', '81804', '0818040', '08180a', ' 81804', '٠٨١٨٠٤']) {
    expect(stepOf(secret, code, 1_111_111_109_000)).toBeUndefined();
  }
});

test('apps are told all they need', () => {
  const fresh = newTotpSecret();
  expect(fresh).toMatch(/^[A-Z2-7]{32}$/);
  const url = new URL(totpUrl(fresh, 'ann@example.com', 'InsightDesk'));
  expect(url.protocol).toBe('otpauth:');
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    secret: fresh,
    issuer: 'InsightDesk',
  });
});
