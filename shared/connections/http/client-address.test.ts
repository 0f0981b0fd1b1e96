import { expect, test } from 'bun:test';
import { createAddressReader } from './client-address.ts';

const forwarded = (value: string | undefined) => (name: string) =>
  name === 'X-Forwarded-For' ? value : undefined;
const read = createAddressReader();

test.each([
  ['no proxy', '203.0.113.9', undefined, '203.0.113.9'],
  ['an untrusted peer with a header', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['a trusted proxy', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['a header that the client has written', '10.0.0.2', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['a chain of trusted proxies', '172.18.0.5', '198.51.100.1, 192.168.1.4', '198.51.100.1'],
  ['trusted addresses only', '127.0.0.1', '10.1.1.1, 10.2.2.2', '10.1.1.1'],
  ['IPv4-mapped IPv6', '::ffff:127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  ['IPv6', '::1', '2001:db8::7', '2001:db8::7'],
  ['an invalid hop', '127.0.0.1', '198.51.100.1, unknown', '127.0.0.1'],
  ['an empty header', '127.0.0.1', '', '127.0.0.1'],
  ['no connection', undefined, '198.51.100.1', 'unknown'],
])('clientAddress: %s', (_, peer, forwardedFor, expected) => {
  expect(read(peer, forwarded(forwardedFor))).toBe(expected);
});

test('clientAddress: headers of listed proxies only are used', () => {
  const readVia = (trusted: string[]) => {
    const readAddress = createAddressReader({ from: 'nginx', trusted });
    return (peer: string) => readAddress(peer, forwarded('198.51.100.1'));
  };
  const viaListed = readVia(['203.0.113.0/24', '2001:db8::1']);
  expect(viaListed('203.0.113.9')).toBe('198.51.100.1');
  expect(viaListed('2001:db8::1')).toBe('198.51.100.1');
  expect(viaListed('127.0.0.1')).toBe('127.0.0.1');
  expect(readVia([])('127.0.0.1')).toBe('127.0.0.1');
});

const spoofed = {
  'X-Forwarded-For': '192.0.2.1',
  'X-Real-IP': '192.0.2.2',
  'Fly-Client-IP': '192.0.2.3',
} as Record<string, string>;
const trusted = ['loopback', 'private'];

test.each([
  ['fly', '172.19.8.1', spoofed, '192.0.2.3'],
  ['fly', 'fdaa:0:1::3', spoofed, '192.0.2.3'],
  ['fly', '203.0.113.9', spoofed, '203.0.113.9'],
  ['fly', '172.19.8.1', { 'X-Forwarded-For': '192.0.2.1' }, '172.19.8.1'],
  ['fly', '172.19.8.1', { 'Fly-Client-IP': '192.0.2.3, 192.0.2.4' }, '172.19.8.1'],
  ['railway', '100.64.0.3', spoofed, '192.0.2.2'],
  ['railway', '203.0.113.9', spoofed, '203.0.113.9'],
  ['railway', '100.64.0.3', { 'X-Forwarded-For': '192.0.2.1' }, '100.64.0.3'],
  ['nginx', '100.64.0.3', spoofed, '100.64.0.3'],
  ['nginx', '127.0.0.1', spoofed, '192.0.2.1'],
] as const)(
  'clientAddress: CLIENT_ADDRESS_FROM=%s reads only its own header from peer %s',
  (from, peer, headers, expected) => {
    const readAddress = createAddressReader({ from, trusted });
    expect(readAddress(peer, (name) => (headers as Record<string, string>)[name])).toBe(expected);
  },
);

test('clientAddress: none ignores all headers', () => {
  const direct = createAddressReader({ from: 'none' });
  expect(direct('127.0.0.1', (name) => spoofed[name])).toBe('127.0.0.1');
  expect(direct(undefined, (name) => spoofed[name])).toBe('unknown');
});

test('CLIENT_ADDRESS_FROM: is set in fly.toml and railway.toml', async () => {
  const read = (file: string) => Bun.file(new URL(`../../../${file}`, import.meta.url)).text();
  expect(await read('fly.toml')).toContain('CLIENT_ADDRESS_FROM = "fly"');
  expect(await read('railway.toml')).toContain(' CLIENT_ADDRESS_FROM=railway ');
});

test('createAddressReader: an invalid proxy address is refused', () => {
  const invalid = { from: 'nginx', trusted: ['nginx'] } as const;
  expect(() => createAddressReader(invalid)).toThrow('Invalid proxy address nginx');
});
