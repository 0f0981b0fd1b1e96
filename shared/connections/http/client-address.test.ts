import { expect, test } from 'bun:test';
import { createAddressReader } from './client-address.ts';

const read = createAddressReader();

test.each([
  ['a caller without a proxy is its peer', '203.0.113.9', undefined, '203.0.113.9'],
  ['a stranger cannot name another', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['our proxy is believed', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['what the client wrote itself is not', '10.0.0.2', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['a chain of our proxies', '172.18.0.5', '198.51.100.1, 192.168.1.4', '198.51.100.1'],
  ['everybody inside is ours', '127.0.0.1', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
  ['IPv4 dressed as IPv6', '::ffff:127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  ['IPv6', '::1', '2001:db8::7', '2001:db8::7'],
  ['nonsense stops the search', '127.0.0.1', '198.51.100.1, unknown', '127.0.0.1'],
  ['an empty header', '127.0.0.1', '', '127.0.0.1'],
  ['no connection at all', undefined, '198.51.100.1', 'unknown'],
])('%s', (_, peer, forwardedFor, expected) => {
  expect(read(peer, forwardedFor)).toBe(expected);
});

test('only the listed proxies are believed', () => {
  const careful = createAddressReader(['203.0.113.0/24', '2001:db8::1']);
  expect(careful('203.0.113.9', '198.51.100.1')).toBe('198.51.100.1');
  expect(careful('2001:db8::1', '198.51.100.1')).toBe('198.51.100.1');
  expect(careful('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1');
  expect(createAddressReader([])('127.0.0.1', '198.51.100.1')).toBe('127.0.0.1');
});

test('a proxy that is no address is refused at the start', () => {
  expect(() => createAddressReader(['nginx'])).toThrow('Not a proxy address: nginx');
});
