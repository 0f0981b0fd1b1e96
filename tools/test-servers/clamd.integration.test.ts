import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AntivirusOptions, createAntivirus } from '@insightdesk/shared/antivirus';
import { until } from '../../shared/testing/until.ts';
import { zip } from '../../tests/e2e/malicious-files/zip.ts';
import { createPidFiles } from '../stack/processes/pid-files.ts';
import { createSupervisor } from '../stack/processes/supervisor.ts';
import { createClamd } from './clamd.ts';
import { requireClamd } from './fetch-clamav.ts';

const STREAM_MAX_BYTES = 4_000_000;
const MARKER = 'this is what InsightDesk takes for malware';
// In two pieces, so that no antivirus takes this file for one.
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(
  '',
);

const directory = mkdtempSync(join(tmpdir(), 'insightdesk-clamd-'));
const supervisor = createSupervisor({
  pidFiles: createPidFiles(join(directory, 'processes')),
  onLine: () => {},
});
let server: ReturnType<typeof createClamd>;

beforeAll(async () => {
  server = createClamd({
    tool: await requireClamd(() => {}),
    directory: join(directory, 'clamd'),
    streamMaxBytes: STREAM_MAX_BYTES,
    signatures: { 'Test.Marker': MARKER, 'Test.Eicar': EICAR },
  });
  await supervisor.start(server.spec);
});
afterAll(async () => {
  await supervisor.stop('clamd');
  rmSync(directory, { recursive: true });
});

const open = (options: Partial<AntivirusOptions> = {}) =>
  createAntivirus({ url: server.url, mode: 'fail-closed', maxBytes: STREAM_MAX_BYTES, ...options });
const noise = (sizeBytes: number) => {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
};
const inZips = (content: Uint8Array, depth: number): Uint8Array =>
  depth === 0 ? content : zip({ 'a.zip': inZips(content, depth - 1) });

test('a harmless file is clean up to StreamMaxLength', async () => {
  for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), noise(STREAM_MAX_BYTES)]) {
    expect(await open().scan(bytes)).toEqual({ clean: true });
  }
});

test('a malicious file is found by name: alone, inside 3 MB, in a nested archive', async () => {
  const amid = Buffer.concat([noise(1_499_990), Buffer.from(MARKER), noise(1_500_000)]);
  const found = 'Test.Marker.UNOFFICIAL';
  expect(await open().scan(Buffer.from(MARKER))).toEqual({ clean: false, found });
  expect(await open().scan(new Blob([amid]).stream())).toEqual({ clean: false, found });
  expect(await open().scan(inZips(Buffer.from(MARKER), 2))).toEqual({ clean: false, found });
  const eicar = await open().scan(Buffer.from(EICAR));
  expect(eicar).toEqual({ clean: false, found: 'Test.Eicar.UNOFFICIAL' });
});

test('an archive that is nested too deeply counts as malicious', async () => {
  const verdict = await open().scan(inZips(Buffer.from('hello'), 9));
  expect(verdict).toMatchObject({ clean: false, found: expect.stringContaining('Limits') });
});

test('a file above StreamMaxLength is refused, in either mode', async () => {
  const long = Buffer.alloc(3 * STREAM_MAX_BYTES);
  for (const maxBytes of [STREAM_MAX_BYTES, Number.MAX_SAFE_INTEGER]) {
    const antivirus = open({ mode: 'fail-open', maxBytes });
    // Its answer is lost now and then, as it hangs up at once; then the file is looked at again.
    let code = 'ANTIVIRUS_UNAVAILABLE';
    for (let n = 0; n < 20 && code === 'ANTIVIRUS_UNAVAILABLE'; n++) {
      code = await antivirus.scan(long).then(
        () => 'clean',
        (error) => error.code,
      );
    }
    expect(code).toBe('FILE_NOT_SCANNABLE');
  }
});

test('concurrent scans each get their own verdict and leave no temporary files', async () => {
  const antivirus = open();
  const verdicts = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      antivirus.scan(n % 3 ? noise(50_000) : Buffer.from(`${n} ${MARKER}`)),
    ),
  );
  expect(verdicts.map(({ clean }) => clean)).toEqual(verdicts.map((_, n) => n % 3 !== 0));
  // clamd answers first and removes its temporary files then.
  await until(() => readdirSync(server.temp), { equals: [] });
});

test('a scan fails as retryable when clamd is killed, and passes when it is back', async () => {
  const antivirus = open();
  const half = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(noise(100_000));
      process.kill(Number(supervisor.pid('clamd')), 'SIGKILL');
    },
  });
  const scanned = antivirus.scan(half);
  await expect(scanned).rejects.toMatchObject({ code: 'ANTIVIRUS_UNAVAILABLE', retryable: true });
  await until('clamd to be ready', () => server.spec.isReady());
  expect(await antivirus.scan(Buffer.from('hello'))).toEqual({ clean: true });
});
