import { expect, test } from 'bun:test';
import { ipPrefix } from './ip-prefix.ts';

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8::/64'],
  ['::1', '::/64'],
  ['unknown', 'unknown'],
  ['un:known', 'un:known'],
])('ipPrefix: %s counts as %s', (address, prefix) => {
  expect(ipPrefix(address)).toBe(prefix);
});
