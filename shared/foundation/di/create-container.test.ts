import { expect, test } from 'bun:test';
import { createContainer } from './index.ts';

test('container: parts are built once, from each other, and disposed last built first', async () => {
  const log: string[] = [];
  const dispose = (name: string) => () => void log.push(name);
  const container = createContainer()
    .register('base', () => ({ n: 1 }), { dispose: dispose('base') })
    .register('top', ({ base }) => ({ base }), { dispose: dispose('top') })
    .register('unused', () => 1, { dispose: dispose('unused') });
  expect(container.resolve('top').base).toBe(container.resolve('base'));
  expect(container.parts.top).toBe(container.resolve('top'));
  await container.dispose();
  expect(log).toEqual(['top', 'base']);
});

test('container: a singleton is built once, a scoped part per scope, a transient one per call', () => {
  const container = createContainer()
    .register('one', () => ({}))
    .register('scoped', () => ({}), { lifetime: 'scoped' })
    .register('each', () => ({}), { lifetime: 'transient' });
  const scope = container.createScope();
  expect(scope.resolve('one')).toBe(container.resolve('one'));
  expect(scope.resolve('scoped')).toBe(scope.resolve('scoped'));
  expect(scope.resolve('scoped')).not.toBe(container.resolve('scoped'));
  expect(scope.resolve('each')).not.toBe(scope.resolve('each'));
});

test('rebind: a part is replaced before it is built, not after', () => {
  const container = createContainer().register('clock', () => 'real');
  container.rebind('clock', () => 'fake');
  expect(container.resolve('clock')).toBe('fake');
  expect(() => container.rebind('clock', () => 'late')).toThrow('Part clock is already built');
});

test('container: the error of a circular dependency shows its path', () => {
  const container = createContainer()
    .register('a', () => 1)
    .register('b', ({ a }) => a);
  container.rebind('a', ({ b }) => b);
  expect(() => container.resolve('a')).toThrow('a -> b -> a');
});

test('container: a duplicate name is refused, the error of an unknown one shows its path', async () => {
  const container = createContainer()
    .register('a', () => 1)
    .register('b', (parts) => Reflect.get(parts, 'nowhere'));
  expect(() => container.register('a', () => 2)).toThrow('Part a is already registered');
  expect(() => container.resolve('b')).toThrow('Unknown part nowhere: b -> nowhere');
  expect(await container.parts).toBe(container.parts);
});

test('container: a singleton cannot depend on a scoped part', () => {
  const container = createContainer()
    .register('request', () => ({}), { lifetime: 'scoped' })
    .register('each', ({ request }) => ({ request }), { lifetime: 'transient' })
    .register('one', ({ each }) => each);
  const scope = container.createScope();
  expect(scope.resolve('each').request).toBe(scope.resolve('request'));
  expect(() => scope.resolve('one')).toThrow('one -> each -> request');
});

test('scope: disposes its own parts, not the shared ones', async () => {
  const disposed: string[] = [];
  const dispose = (name: string) => () => void disposed.push(name);
  const container = createContainer()
    .register('one', () => 1, { dispose: dispose('one') })
    .register('mine', ({ one }) => one + 1, { lifetime: 'scoped', dispose: dispose('mine') });
  const scope = container.createScope();
  expect(scope.resolve('mine')).toBe(2);
  await scope.dispose();
  expect(disposed).toEqual(['mine']);
  await container.dispose();
  expect(disposed).toEqual(['mine', 'one']);
});

test.each([
  ['rejects', () => Promise.reject(new Error('stuck'))],
  [
    'throws',
    () => {
      throw new Error('stuck');
    },
  ],
])('dispose: a disposal that %s does not block the others', async (_, fail) => {
  const disposed: string[] = [];
  const container = createContainer()
    .register('first', () => 1, { dispose: () => void disposed.push('first') })
    .register('second', ({ first }) => first, {
      dispose: fail,
    });
  container.resolve('second');
  await expect(container.dispose()).rejects.toThrow('Disposing some parts failed');
  expect(disposed).toEqual(['first']);
});
