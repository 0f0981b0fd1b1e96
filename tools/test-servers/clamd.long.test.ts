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
const MARKER = 'marker of the test signature of InsightDesk';
// Split, so that an antivirus does not detect this file.
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

const createScanner = (options: Partial<AntivirusOptions> = {}) =>
  createAntivirus({ url: server.url, mode: 'fail-closed', maxBytes: STREAM_MAX_BYTES, ...options });
const randomBytes = (sizeBytes: number) => {
  const bytes = Buffer.alloc(sizeBytes);
  for (let offset = 0; offset < sizeBytes; offset += 65_536)
    crypto.getRandomValues(bytes.subarray(offset, offset + 65_536));
  return bytes;
};
const inZips = (content: Uint8Array, depth: number): Uint8Array =>
  depth === 0 ? content : zip({ 'a.zip': inZips(content, depth - 1) });

test('a file without signatures is clean, up to StreamMaxLength', async () => {
  for (const bytes of [Buffer.from('hello'), Buffer.alloc(0), randomBytes(STREAM_MAX_BYTES)]) {
    expect(await createScanner().scan(bytes)).toEqual({ clean: true });
  }
});

test('a signature is found alone, inside 3 MB and in a nested archive', async () => {
  const surrounded = Buffer.concat([
    randomBytes(1_499_990),
    Buffer.from(MARKER),
    randomBytes(1_500_000),
  ]);
  const found = 'Test.Marker.UNOFFICIAL';
  expect(await createScanner().scan(Buffer.from(MARKER))).toEqual({ clean: false, found });
  expect(await createScanner().scan(new Blob([surrounded]).stream())).toEqual({
    clean: false,
    found,
  });
  expect(await createScanner().scan(inZips(Buffer.from(MARKER), 2))).toEqual({
    clean: false,
    found,
  });
  const eicar = await createScanner().scan(Buffer.from(EICAR));
  expect(eicar).toEqual({ clean: false, found: 'Test.Eicar.UNOFFICIAL' });
});

test('an archive that is nested too deeply counts as malicious', async () => {
  const verdict = await createScanner().scan(inZips(Buffer.from('hello'), 9));
  expect(verdict).toMatchObject({ clean: false, found: expect.stringContaining('Limits') });
});

test('a file above StreamMaxLength is refused in both modes', async () => {
  const large = Buffer.alloc(3 * STREAM_MAX_BYTES);
  for (const maxBytes of [STREAM_MAX_BYTES, Number.MAX_SAFE_INTEGER]) {
    const antivirus = createScanner({ mode: 'fail-open', maxBytes });
    // clamd closes the connection at once, so its response is sometimes lost.
    let code = 'ANTIVIRUS_UNAVAILABLE';
    for (let n = 0; n < 20 && code === 'ANTIVIRUS_UNAVAILABLE'; n++) {
      code = await antivirus.scan(large).then(
        () => 'clean',
        (error) => error.code,
      );
    }
    expect(code).toBe('FILE_NOT_SCANNABLE');
  }
});

test('concurrent scans each get their own verdict and leave no temporary files', async () => {
  const antivirus = createScanner();
  const verdicts = await Promise.all(
    Array.from({ length: 30 }, (_, n) =>
      antivirus.scan(n % 3 ? randomBytes(50_000) : Buffer.from(`${n} ${MARKER}`)),
    ),
  );
  expect(verdicts.map(({ clean }) => clean)).toEqual(verdicts.map((_, n) => n % 3 !== 0));
  // clamd responds before it deletes its temporary files.
  await until(() => readdirSync(server.temp), { equals: [] });
});

test('a scan fails with a retryable error while clamd is killed, and succeeds after its restart', async () => {
  const antivirus = createScanner();
  const interrupted = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(randomBytes(100_000));
      process.kill(Number(supervisor.pid('clamd')), 'SIGKILL');
    },
  });
  const scanned = antivirus.scan(interrupted);
  await expect(scanned).rejects.toMatchObject({ code: 'ANTIVIRUS_UNAVAILABLE', retryable: true });
  await until('clamd to be ready', () => server.spec.isReady());
  expect(await antivirus.scan(Buffer.from('hello'))).toEqual({ clean: true });
});
