import { expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { createLogger } from '@insightdesk/shared/logging';
import { createLifecycle, findAvailablePort } from './index.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
const create = () => createLifecycle({ log, shutdownTimeoutMs: 50 });

test('lifecycle: a part has a startup hook, a shutdown hook or both', async () => {
  const lifecycle = create();
  const seen: string[] = [];
  const record = (event: string) => () => void seen.push(event);
  lifecycle.register('late', { start: record('+late'), stop: record('-late') }, ['early']);
  lifecycle.register('early', { start: record('+early') });
  lifecycle.register('file', { stop: record('-file') });
  await lifecycle.start();
  await lifecycle.stop('test');
  expect(seen).toEqual(['+early', '+late', '-file', '-late']);
});

test('lifecycle: starts dependencies first and stops in reverse order', async () => {
  const lifecycle = create();
  const seen: string[] = [];
  for (const [name, dependsOn] of [
    ['http', ['database']],
    ['database', []],
  ] as const) {
    lifecycle.registerStartupHook(name, () => void seen.push(`+${name}`), dependsOn);
    lifecycle.registerShutdownHook(name, () => void seen.push(`-${name}`));
  }
  await lifecycle.start();
  expect(lifecycle.isReady).toBe(true);
  expect(lifecycle.status().hooks).toMatchObject([
    { name: 'database', state: 'started' },
    { name: 'http', state: 'started' },
  ]);
  await Promise.all([lifecycle.stop('test'), lifecycle.stop('again')]);
  expect(seen).toEqual(['+database', '+http', '-database', '-http']);
  expect(lifecycle.status().state).toBe('stopped');
});

test('lifecycle: a failed startup hook stops what has started and is named', async () => {
  const lifecycle = create();
  const stopped: string[] = [];
  lifecycle.registerStartupHook('good', () => {
    lifecycle.registerShutdownHook('good', () => void stopped.push('good'));
  });
  lifecycle.registerStartupHook('bad', () => Promise.reject(new Error('refused')));
  lifecycle.registerStartupHook('never', () => void stopped.push('never'));
  await expect(lifecycle.start()).rejects.toThrow('Startup hook bad failed');
  expect(stopped).toEqual(['good']);
  expect(lifecycle.isReady).toBe(false);
  expect(lifecycle.status().hooks.map(({ state }) => state)).toEqual([
    'started',
    'failed',
    'pending',
  ]);
  await expect(lifecycle.start()).rejects.toThrow('already stopped');
});

test('lifecycle: a stop during the start ends the start', async () => {
  const lifecycle = create();
  const seen: string[] = [];
  lifecycle.registerStartupHook('first', () => void lifecycle.stop('test'));
  lifecycle.registerStartupHook('second', () => void seen.push('second'));
  await lifecycle.start();
  expect(seen).toEqual([]);
  expect(lifecycle.status().state).toBe('stopped');
});

test('lifecycle: a shutdown hook that hangs or fails does not block the others', async () => {
  const lifecycle = create();
  const stopped: string[] = [];
  lifecycle.registerShutdownHook('last', () => void stopped.push('last'));
  lifecycle.registerShutdownHook('fails', () => Promise.reject(new Error('no')));
  lifecycle.registerShutdownHook('hangs', () => new Promise(() => {}), { timeoutMs: 5 });
  await lifecycle.start();
  await lifecycle.stop('test');
  expect(stopped).toEqual(['last']);
});

test('lifecycle: errors show the path of circular and unknown dependencies', async () => {
  const circular = create();
  circular.registerStartupHook('a', () => {}, ['b']);
  circular.registerStartupHook('b', () => {}, ['a']);
  await expect(circular.start()).rejects.toThrow('a -> b -> a');
  const missing = create();
  missing.registerStartupHook('a', () => {}, ['b']);
  await expect(missing.start()).rejects.toThrow('Unknown hook b: a -> b');
  const duplicate = create();
  duplicate.registerStartupHook('a', () => {});
  duplicate.registerStartupHook('a', () => {});
  await expect(duplicate.start()).rejects.toThrow('Duplicate hook a');
});

test('findAvailablePort: a busy port is skipped', async () => {
  const from = await findAvailablePort(41_000);
  const server = createServer().listen(from, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  expect(await findAvailablePort(from)).toBeGreaterThan(from);
  server.close();
});
