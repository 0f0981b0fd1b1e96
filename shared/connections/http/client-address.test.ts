import { expect, test } from 'bun:test';
import { createAddressReader } from './client-address.ts';

const forwarded = (value: string | undefined) => (name: string) =>
  name === 'X-Forwarded-For' ? value : undefined;
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
  expect(read(peer, forwarded(forwardedFor))).toBe(expected);
});

test('only the listed proxies are believed', () => {
  const via = (trusted: string[]) => {
    const one = createAddressReader({ from: 'nginx', trusted });
    return (peer: string) => one(peer, forwarded('198.51.100.1'));
  };
  const careful = via(['203.0.113.0/24', '2001:db8::1']);
  expect(careful('203.0.113.9')).toBe('198.51.100.1');
  expect(careful('2001:db8::1')).toBe('198.51.100.1');
  expect(careful('127.0.0.1')).toBe('127.0.0.1');
  expect(via([])('127.0.0.1')).toBe('127.0.0.1');
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
  '%s: of what came from %s only its own header is believed',
  (from, peer, headers, expected) => {
    const one = createAddressReader({ from, trusted });
    expect(one(peer, (name) => (headers as Record<string, string>)[name])).toBe(expected);
  },
);

test('without a proxy no header is believed, not even from here', () => {
  const direct = createAddressReader({ from: 'none' });
  expect(direct('127.0.0.1', (name) => spoofed[name])).toBe('127.0.0.1');
  expect(direct(undefined, (name) => spoofed[name])).toBe('unknown');
});

test('each platform is told that it is one', async () => {
  const read = (file: string) => Bun.file(new URL(`../../../${file}`, import.meta.url)).text();
  expect(await read('fly.toml')).toContain('CLIENT_ADDRESS_FROM = "fly"');
  expect(await read('railway.toml')).toContain(' CLIENT_ADDRESS_FROM=railway ');
});

test('a proxy that is no address is refused at the start', () => {
  const misnamed = { from: 'nginx', trusted: ['nginx'] } as const;
  expect(() => createAddressReader(misnamed)).toThrow('Not a proxy address: nginx');
});
