import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../testing/until.ts';
import { isolateTransport } from './custom-transport.ts';
import { type LogTransport, loadTransports } from './index.ts';
import { createLossRecorder, createTestLogger } from './test-logger.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'transport-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const base = { service: 'api', replica: 'api-1' };

function writeModule(text: string): string {
  const path = join(directory, 'transport.ts');
  writeFileSync(path, text);
  return path;
}

test('custom transport: receives redacted lines of its level and is closed', async () => {
  const seen = join(directory, 'seen');
  const path = writeModule(`
    import { appendFileSync } from 'node:fs';
    const record = (text) => appendFileSync(${JSON.stringify(seen)}, text);
    export default async ({ replica }) => ({
      level: 'warn',
      write: async (line) => { await 1; record(replica + ' ' + JSON.parse(line).msg + '\\n'); },
      close: () => record('closed'),
    });`);
  const { onLost, lost } = createLossRecorder();
  const [transport] = await loadTransports([path], base, () => onLost);
  const { log } = createTestLogger([transport as LogTransport]);
  log.info('not for it');
  log.warn('first, Bearer hunter2hunter2');
  log.error('second');
  await transport?.close?.(5_000);
  expect(await Bun.file(seen).text()).toBe('api-1 first, Bearer [redacted]\napi-1 second\nclosed');
  expect(lost()).toBe(0);
});

test.each([
  ['export default { level: "loud", write() {} }', 'level'],
  ['export default { level: "info" }', 'write'],
  ['export default () => undefined', 'expected object'],
  ['export const transport = {}', 'expected object'],
  ['throw new Error("not today")', 'not today'],
])('loadTransports: module %p is refused with its path', async (text, reason) => {
  const path = writeModule(text);
  const loading = loadTransports([path], base, () => () => {});
  const error = await loading.catch((error: Error) => error);
  expect(error).toMatchObject({ name: 'ConfigurationError' });
  expect(String(error)).toContain(path);
  expect(String(error)).toContain(reason);
});

test('loadTransports: a missing module is refused, also with a relative path', async () => {
  const loading = loadTransports(['./nowhere.ts'], base, () => () => {});
  expect(await loading.catch(String)).toContain('LOG_TRANSPORTS: ./nowhere.ts');
});

const limits = { writeTimeoutMs: 20, maxBlockingMs: 1_000, pauseMs: 1e9 };
const shortBlocking = { ...limits, maxBlockingMs: 20 };

test.each<[string, LogTransport['write'], string, typeof limits]>([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'broken',
    limits,
  ],
  ['rejects', () => Promise.reject(new Error('refused')), 'refused', limits],
  ['never ends', () => new Promise<void>(() => {}), 'paused', limits],
  ['blocks the event loop', () => Bun.sleepSync(25), 'paused', shortBlocking],
  [
    'blocks the event loop and rejects',
    () => {
      Bun.sleepSync(25);
      return Promise.reject(new Error('refused'));
    },
    'paused',
    shortBlocking,
  ],
])('isolateTransport: a transport that %s loses its own lines only', async (...given) => {
  const [, write, reason, options] = given;
  const { onLost, lost, reasons } = createLossRecorder();
  let calls = 0;
  const bad = isolateTransport(
    {
      level: 'info',
      write(line) {
        calls++;
        return write(line);
      },
      close: () => new Promise(() => {}),
    },
    onLost,
    options,
  );
  const good: string[] = [];
  const other = isolateTransport(
    { level: 'info', write: (line) => void good.push(line) },
    () => {},
  );
  const { log, lines } = createTestLogger([bad, other]);
  for (let i = 0; i < 50; i++) log.info({ i }, 'line');
  expect(lines).toHaveLength(50);
  // Logging itself never calls the transport.
  expect(calls).toBe(0);
  await Promise.all([other.close?.(200), bad.close?.(200)]);
  expect(good).toHaveLength(50);
  expect(lost()).toBe(50);
  expect(reasons().join()).toContain(reason);
  if (reason === 'paused') expect(calls).toBe(1);
});

test('isolateTransport: a slow transport is called again after its pause', async () => {
  const { onLost, lost } = createLossRecorder();
  const written: string[] = [];
  let isSlow = true;
  const transport = isolateTransport(
    {
      level: 'info',
      write: (line) => (isSlow ? new Promise<void>(() => {}) : void written.push(line)),
    },
    onLost,
    { writeTimeoutMs: 5, maxBlockingMs: 1_000, pauseMs: 5 },
  );
  const { log } = createTestLogger([transport]);
  log.info('lost');
  await until(lost);
  isSlow = false;
  await until('a line after the pause', () => {
    log.info('again');
    return written.length > 0;
  });
});
