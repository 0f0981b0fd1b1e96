import { expect, test } from 'bun:test';
import { findPorts, isFree, portsFrom, takePort } from './ports.ts';

const FIRST = 9_900;

test('findPorts moves a busy port to the next free one and uses none twice', async () => {
  using server = Bun.listen({ hostname: '127.0.0.1', port: FIRST, socket: { data() {} } });
  expect(await isFree(server.port)).toBe(false);
  const ports = await findPorts({ ...portsFrom(FIRST), http: FIRST });
  const found = Object.values(ports);
  expect(ports.https).toBeGreaterThan(FIRST);
  expect(new Set(found).size).toBe(found.length);
});

test('takePort never returns the same port twice', () => {
  const ports = Array.from({ length: 50 }, takePort);
  expect(new Set(ports).size).toBe(50);
});

test('a port that is bound on all addresses is busy', async () => {
  using server = Bun.listen({ hostname: '0.0.0.0', port: 0, socket: { data() {} } });
  expect(await isFree(server.port)).toBe(false);
});

test('isFree throws above port 65535', async () => {
  await expect(isFree(65_536)).rejects.toThrow('No free port');
});
