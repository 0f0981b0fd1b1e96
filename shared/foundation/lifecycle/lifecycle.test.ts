import { expect, test } from 'bun:test';
import { createServer } from 'node:net';
import { createLogger } from '@insightdesk/shared/logging';
import { createLifecycle, findAvailablePort } from './index.ts';

const log = createLogger({ level: 'silent', format: 'json' }, { service: 't', replica: 't-1' });
const create = () => createLifecycle({ log, shutdownTimeoutMs: 50 });

test('a part has both hooks under its name, or one of them', async () => {
  const lifecycle = create();
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(what);
  lifecycle.register('late', { start: note('+late'), stop: note('-late') }, ['early']);
  lifecycle.register('early', { start: note('+early') });
  lifecycle.register('file', { stop: note('-file') });
  await lifecycle.start();
  await lifecycle.stop('test');
  expect(seen).toEqual(['+early', '+late', '-file', '-late']);
});

test('starts dependencies first and stops in reverse', async () => {
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

test('a half-finished start is undone and names what failed', async () => {
  const lifecycle = create();
  const undone: string[] = [];
  lifecycle.registerStartupHook('good', () => {
    lifecycle.registerShutdownHook('good', () => void undone.push('good'));
  });
  lifecycle.registerStartupHook('bad', () => Promise.reject(new Error('refused')));
  lifecycle.registerStartupHook('never', () => void undone.push('never'));
  await expect(lifecycle.start()).rejects.toThrow('bad did not start');
  expect(undone).toEqual(['good']);
  expect(lifecycle.isReady).toBe(false);
  expect(lifecycle.status().hooks.map(({ state }) => state)).toEqual([
    'started',
    'failed',
    'pending',
  ]);
  await expect(lifecycle.start()).rejects.toThrow('stopped already');
});

test('a stop during the start ends the start', async () => {
  const lifecycle = create();
  const seen: string[] = [];
  lifecycle.registerStartupHook('first', () => void lifecycle.stop('changed our mind'));
  lifecycle.registerStartupHook('second', () => void seen.push('second'));
  await lifecycle.start();
  expect(seen).toEqual([]);
  expect(lifecycle.status().state).toBe('stopped');
});

test('a part that hangs or fails does not keep the others from stopping', async () => {
  const lifecycle = create();
  const stopped: string[] = [];
  lifecycle.registerShutdownHook('last', () => void stopped.push('last'));
  lifecycle.registerShutdownHook('fails', () => Promise.reject(new Error('no')));
  lifecycle.registerShutdownHook('hangs', () => new Promise(() => {}), { timeoutMs: 5 });
  await lifecycle.start();
  await lifecycle.stop('test');
  expect(stopped).toEqual(['last']);
});

test('circles and missing names are told with their path', async () => {
  const circle = create();
  circle.registerStartupHook('a', () => {}, ['b']);
  circle.registerStartupHook('b', () => {}, ['a']);
  await expect(circle.start()).rejects.toThrow('a -> b -> a');
  const missing = create();
  missing.registerStartupHook('a', () => {}, ['b']);
  await expect(missing.start()).rejects.toThrow('Nothing is called b: a -> b');
  const twice = create();
  twice.registerStartupHook('a', () => {});
  twice.registerStartupHook('a', () => {});
  await expect(twice.start()).rejects.toThrow('Two parts are called a');
});

test('a busy port is passed over', async () => {
  const from = await findAvailablePort(41_000);
  const server = createServer().listen(from, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  expect(await findAvailablePort(from)).toBeGreaterThan(from);
  server.close();
});
