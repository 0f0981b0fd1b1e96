import { afterAll, beforeAll, expect, test } from 'bun:test';
import { startTestNginx, type TestNginx } from './start-test-nginx.ts';

let nginx: TestNginx;
beforeAll(async () => {
  nginx = await startTestNginx({}, (name, _, response) => response.end(name));
});
afterAll(() => nginx.close());

/** Protocol and cipher of a handshake, or its error. */
const handshake = (options: object) =>
  new Promise<string>((resolve) => {
    const socket = nginx.connect(options);
    socket.once('error', (error) => resolve(`${(error as { code?: string }).code} ${error}`));
    socket.once('secureConnect', () => {
      resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
      socket.destroy();
    });
  });

test('TLS 1.1 is rejected, 1.2 and 1.3 are accepted', async () => {
  const withVersion = (version: string) => handshake({ minVersion: version, maxVersion: version });
  expect(await withVersion('TLSv1.1')).toMatch(/alert.protocol.version/i);
  expect(await withVersion('TLSv1.2')).toStartWith('TLSv1.2 ');
  expect(await withVersion('TLSv1.3')).toStartWith('TLSv1.3 ');
});

test('TLS 1.2 accepts AEAD ciphers only', async () => {
  const withCipher = (ciphers: string) => handshake({ maxVersion: 'TLSv1.2', ciphers });
  expect(await withCipher('ECDHE-ECDSA-AES128-SHA')).toMatch(/handshake.failure/i);
  for (const name of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305']) {
    expect(await withCipher(name)).toBe(`TLSv1.2 ${name}`);
  }
});
