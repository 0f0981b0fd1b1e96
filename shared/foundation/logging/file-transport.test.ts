import { afterEach, beforeEach, expect, test } from 'bun:test';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../testing/until.ts';
import { createFileTransport } from './index.ts';
import { createLossRecorder, createTestLogger } from './test-logger.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open({
  maxBytes = 1_000_000,
  maxArchives = 2,
  path = join(directory, 'logs/api-1.log'),
} = {}) {
  const { onLost, lost, reasons } = createLossRecorder();
  const file = createFileTransport({ path, level: 'info', maxBytes, maxArchives, onLost });
  return { file, path, lost, reasons, close: (ms = 5_000) => file.close?.(ms) };
}

const numbersIn = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).i as number);

test('file transport: lines are redacted and in order, in a directory that it creates', async () => {
  const { file, path, lost, close } = open();
  const { log } = createTestLogger([file]);
  log.info({ i: 0, password: 'hunter2' }, 'for Bearer hunter2hunter2');
  log.debug({ i: 1 }, 'below its level');
  log.info({ i: 2 }, 'last');
  await close();
  expect(numbersIn(path)).toEqual([0, 2]);
  expect(readFileSync(path, 'utf8')).not.toContain('hunter2');
  expect(statSync(path).mode & 0o007).toBe(0);
  expect(lost()).toBe(0);
});

test('file transport: a full file is rotated, the oldest archive is deleted, no file exceeds maxBytes', async () => {
  const { file, path, lost, close } = open({ maxBytes: 2_000, maxArchives: 2 });
  const { log } = createTestLogger([file]);
  for (let i = 0; i < 200; i++) log.info({ i }, 'line');
  await close();
  expect(readdirSync(join(directory, 'logs')).toSorted()).toEqual([
    'api-1.log',
    'api-1.log.1',
    'api-1.log.2',
  ]);
  const retained = ['.2', '.1', ''].flatMap((suffix) => {
    expect(statSync(path + suffix).size).toBeLessThanOrEqual(2_000);
    return numbersIn(path + suffix);
  });
  expect(retained).toEqual(
    Array.from({ length: retained.length }, (_, n) => 200 - retained.length + n),
  );
  expect(retained.length).toBeGreaterThan(20);
  expect(lost()).toBe(0);
});

test('file transport: without archives a full file starts again', async () => {
  const { file, path, close } = open({ maxBytes: 2_000, maxArchives: 0 });
  const { log } = createTestLogger([file]);
  for (let i = 0; i < 100; i++) log.info({ i }, 'line');
  await close();
  expect(readdirSync(join(directory, 'logs'))).toEqual(['api-1.log']);
  expect(numbersIn(path).at(-1)).toBe(99);
});

test('file transport: the next process appends to the file', async () => {
  const before = open({ maxBytes: 100_000 });
  createTestLogger([before.file]).log.info({ i: 1 }, 'first');
  await before.close();
  const after = open({ maxBytes: 100_000 });
  createTestLogger([after.file]).log.info({ i: 2 }, 'second');
  await after.close();
  expect(numbersIn(after.path)).toEqual([1, 2]);
});

test('file transport: an incomplete line of a killed process does not corrupt the next line', async () => {
  const { file, path, close } = open();
  mkdirSync(join(directory, 'logs'));
  writeFileSync(path, '{"i":1}\n{"i":2,"ms');
  createTestLogger([file]).log.info({ i: 3 }, 'whole');
  await close();
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines.slice(0, 2)).toEqual(['{"i":1}', '{"i":2,"ms']);
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({ i: 3 });
});

test.skipIf(!existsSync('/dev/full'))(
  'file transport: a full disk loses lines and reports them',
  async () => {
    const { file, lost, reasons, close } = open({ path: '/dev/full' });
    const { log, lines } = createTestLogger([file]);
    for (let i = 0; i < 10; i++) log.info({ i }, 'line');
    await close();
    expect(lines).toHaveLength(10);
    expect(lost()).toBe(10);
    expect(reasons().join()).toContain('ENOSPC');
  },
);

test('file transport: a line longer than maxBytes is lost and reported', async () => {
  const { file, path, lost, reasons, close } = open({ maxBytes: 2_000 });
  const { log } = createTestLogger([file]);
  log.info({ i: 1, text: 'x'.repeat(3_000) }, 'long');
  log.info({ i: 2 }, 'short');
  await close();
  expect(numbersIn(path)).toEqual([2]);
  expect(lost()).toBe(1);
  expect(reasons()[0]).toContain('longer than the maximum file size');
});

test('file transport: lines are lost while the directory cannot be created, and written once it can', async () => {
  const blocked = join(directory, 'logs');
  writeFileSync(blocked, 'a file where the directory belongs');
  const { file, path, lost, close } = open();
  const { log, lines } = createTestLogger([file]);
  log.info({ i: 1 }, 'lost');
  await until(lost);
  rmSync(blocked);
  mkdirSync(blocked);
  log.info({ i: 2 }, 'written');
  await close();
  expect(numbersIn(path)).toEqual([2]);
  expect(lost()).toBe(1);
  expect(lines).toHaveLength(2);
});

test('file transport: a burst is buffered in bounded memory, lines beyond it are lost', async () => {
  const { file, path, lost, close } = open({ maxBytes: 10_000_000 });
  const { log, lines } = createTestLogger([file]);
  const text = 'x'.repeat(10_000);
  for (let i = 0; i < 300; i++) log.info({ i, text }, 'line');
  await close();
  expect(lines).toHaveLength(300);
  expect(lost()).toBe(300 - numbersIn(path).length);
  expect(lost()).toBeGreaterThan(150);
  expect(statSync(path).size).toBeLessThan(1_100_000);
});

test('file transport: a pipe without a reader delays neither the service nor its exit', async () => {
  const path = join(directory, 'pipe');
  expect(Bun.spawnSync(['mkfifo', path]).exitCode).toBe(0);
  const script = `
    const { createFileTransport } = await import('@insightdesk/shared/logging');
    const file = createFileTransport({ path: ${JSON.stringify(path)}, level: 'info', maxBytes: 5000, maxArchives: 0, onLost: (n, why) => console.log('lost', n) });
    for (let i = 0; i < 10; i++) file.write('{"i":1}\\n');
    await Bun.sleep(100);
    await file.close(100);
    console.log('ends');
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, '-e', script], { cwd: import.meta.dir });
  const output = await new Response(child.stdout).text();
  expect(output).toContain('ends');
  expect(await child.exited).toBe(0);
});

test('file transport: waiting lines are written when the process exits', async () => {
  const path = join(directory, 'exit.log');
  const script = `
    const { createFileTransport } = await import('@insightdesk/shared/logging');
    const file = createFileTransport({ path: ${JSON.stringify(path)}, level: 'info', maxBytes: 5000, maxArchives: 0, onLost() {} });
    file.write('{"i":1}\\n');
    while (!require('node:fs').existsSync(${JSON.stringify(path)})) await Bun.sleep(5);
    while (require('node:fs').statSync(${JSON.stringify(path)}).size === 0) await Bun.sleep(5);
    file.write('{"i":2}\\n');
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, '-e', script], { cwd: import.meta.dir });
  expect(await child.exited).toBe(0);
  expect(numbersIn(path)).toEqual([1, 2]);
});
