import { expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareTls } from './tls.ts';

test('prepareTls issues a certificate for localhost once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-tls-'));
  const files = await prepareTls(directory);
  const [certificate, ca] = [files.certificate, files.ca].map(
    (path) => new X509Certificate(readFileSync(path)),
  );
  expect(ca && certificate?.checkIssued(ca)).toBe(true);
  expect(ca && certificate?.verify(ca.publicKey)).toBe(true);
  expect(certificate?.checkHost('localhost')).toBe('localhost');
  expect(certificate?.checkIP('127.0.0.1')).toBe('127.0.0.1');
  for (const { validFrom, validTo } of [certificate, ca].filter((one) => !!one)) {
    const days = (Date.parse(validTo) - Date.parse(validFrom)) / 86_400_000;
    expect(days).toBeLessThanOrEqual(825);
  }
  expect(statSync(files.key).mode & 0o777).toBe(0o600);
  const before = readFileSync(files.key, 'utf8');
  await prepareTls(directory);
  expect(readFileSync(files.key, 'utf8')).toBe(before);
  rmSync(directory, { recursive: true });
});
