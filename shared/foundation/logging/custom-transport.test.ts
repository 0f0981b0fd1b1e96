import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../testing/until.ts';
import { sheltered } from './custom-transport.ts';
import { type LogTransport, loadTransports } from './index.ts';
import { countLost, logWith } from './test-lines.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'transport-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const about = { service: 'api', replica: 'api-1' };

function module(text: string): string {
  const path = join(directory, 'transport.ts');
  writeFileSync(path, text);
  return path;
}

test('a module of one’s own gets clean lines of its level, and is closed', async () => {
  const seen = join(directory, 'seen');
  const path = module(`
    import { appendFileSync } from 'node:fs';
    const note = (text) => appendFileSync(${JSON.stringify(seen)}, text);
    export default async ({ replica }) => ({
      level: 'warn',
      write: async (line) => { await 1; note(replica + ' ' + JSON.parse(line).msg + '\\n'); },
      close: () => note('closed'),
    });`);
  const { onLost, lost } = countLost();
  const [transport] = await loadTransports([path], about, () => onLost);
  const { log } = logWith([transport as LogTransport]);
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
])('%p is refused at the start, by name', async (text, why) => {
  const path = module(text);
  const loading = loadTransports([path], about, () => () => {});
  const error = await loading.catch((error: Error) => error);
  expect(error).toMatchObject({ name: 'ConfigurationError' });
  expect(String(error)).toContain(path);
  expect(String(error)).toContain(why);
});

test('one that is not there is refused, also by a path from here', async () => {
  const loading = loadTransports(['./nowhere.ts'], about, () => () => {});
  expect(await loading.catch(String)).toContain('LOG_TRANSPORTS: ./nowhere.ts');
});

const quick = { writeMs: 20, blockingMs: 1_000, restMs: 1e9 };
const hasty = { ...quick, blockingMs: 20 };

test.each<[string, LogTransport['write'], string, typeof quick]>([
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'broken',
    quick,
  ],
  ['rejects', () => Promise.reject(new Error('refused')), 'refused', quick],
  ['never ends', () => new Promise<void>(() => {}), 'rests', quick],
  ['holds everything up', () => Bun.sleepSync(25), 'rests', hasty],
  [
    'holds everything up and rejects',
    () => {
      Bun.sleepSync(25);
      return Promise.reject(new Error('refused'));
    },
    'rests',
    hasty,
  ],
])('one that %s costs its lines, not the service, and not the others', async (...given) => {
  const [, write, reason, times] = given;
  const { onLost, lost, reasons } = countLost();
  let calls = 0;
  const bad = sheltered(
    {
      level: 'info',
      write(line) {
        calls++;
        return write(line);
      },
      close: () => new Promise(() => {}),
    },
    onLost,
    times,
  );
  const good: string[] = [];
  const other = sheltered({ level: 'info', write: (line) => void good.push(line) }, () => {});
  const { log, lines } = logWith([bad, other]);
  for (let i = 0; i < 50; i++) log.info({ i }, 'line');
  expect(lines).toHaveLength(50);
  // Nobody who logs has come to the transport itself.
  expect(calls).toBe(0);
  await Promise.all([other.close?.(200), bad.close?.(200)]);
  expect(good).toHaveLength(50);
  expect(lost()).toBe(50);
  expect(reasons().join()).toContain(reason);
  if (reason === 'rests') expect(calls).toBe(1);
});

test('one that was slow is asked again after its rest', async () => {
  const { onLost, lost } = countLost();
  const taken: string[] = [];
  let isSlow = true;
  const transport = sheltered(
    {
      level: 'info',
      write: (line) => (isSlow ? new Promise<void>(() => {}) : void taken.push(line)),
    },
    onLost,
    { writeMs: 5, blockingMs: 1_000, restMs: 5 },
  );
  const { log } = logWith([transport]);
  log.info('lost');
  await until(lost);
  isSlow = false;
  for (let i = 0; taken.length === 0 && i < 1_000; i++) {
    log.info('again');
    await Bun.sleep(10);
  }
  expect(taken.length).toBeGreaterThan(0);
});
