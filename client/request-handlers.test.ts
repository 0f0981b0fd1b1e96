import { expect, test } from 'bun:test';
import type { ClientResponse } from '../shared/contract/shapes.ts';
import { RequestHandlers, RequestRejectedError } from './request-handlers.ts';

function setUp() {
  const errors: unknown[] = [];
  const handlers = new RequestHandlers((error) => errors.push(error));
  const send = (id: string, name = 'confirm', payload: unknown = null) =>
    Promise.race([
      new Promise<ClientResponse>((resolve) => handlers.receive({ id, name, payload }, resolve)),
      Bun.sleep(50).then(() => 'no response' as const),
    ]);
  return { handlers, send, errors };
}

test('request handlers: an id gets the first response again, also while that is pending', async () => {
  const { handlers, send } = setUp();
  let count = 0;
  handlers.add('confirm', async () => {
    await Bun.sleep(5);
    return ++count;
  });
  const [first, second] = await Promise.all([send('a'), send('a')]);
  expect([first, second, await send('a')]).toEqual(Array(3).fill({ ok: true, result: 1 }));
  expect(await send('b')).toEqual({ ok: true, result: 2 });
});

test('request handlers: a rejection is sent with its code, any other error without its message', async () => {
  const { handlers, send, errors } = setUp();
  handlers.add('confirm', (payload) => {
    if (payload) throw new RequestRejectedError('BUSY', 'x'.repeat(600));
    throw new Error('secret');
  });
  const error = { code: 'BUSY', detail: 'x'.repeat(500) };
  expect(await send('a', 'confirm', 1)).toEqual({ ok: false, error });
  expect(errors).toEqual([]);
  const failed = { code: 'HANDLER_FAILED', detail: 'The handler failed' };
  expect(await send('b')).toEqual({ ok: false, error: failed });
  expect(errors).toMatchObject([{ message: 'secret' }]);
  expect(() => new RequestRejectedError('busy', '')).toThrow('not a valid code');
});

test('request handlers: a request without a handler gets no response', async () => {
  const { handlers, send } = setUp();
  expect(handlers.isEmpty).toBe(true);
  const remove = handlers.add('confirm', () => undefined);
  expect(() => handlers.add('confirm', () => 2)).toThrow('already');
  expect(await send('a', 'toString')).toBe('no response');
  expect(await send('b')).toEqual({ ok: true, result: null });
  remove();
  expect(await send('c')).toBe('no response');
  expect(await send('b')).toEqual({ ok: true, result: null });
  expect(handlers.isEmpty).toBe(true);
});

test('request handlers: the number of remembered responses is bounded', async () => {
  const { handlers, send } = setUp();
  let count = 0;
  handlers.add('confirm', () => ++count);
  for (let n = 0; n < 201; n++) await send(`${n}`);
  expect(await send('200')).toEqual({ ok: true, result: 201 });
  expect(await send('0')).toEqual({ ok: true, result: 202 });
});
