import { expect, test } from 'bun:test';
import type { ClientAnswer } from '../shared/contract/shapes.ts';
import { Answers, RefusalError } from './answers.ts';

function stage() {
  const errors: unknown[] = [];
  const answers = new Answers((error) => errors.push(error));
  const ask = (id: string, name = 'confirm', payload: unknown = null) =>
    Promise.race([
      new Promise<ClientAnswer>((resolve) => answers.receive({ id, name, payload }, resolve)),
      Bun.sleep(50).then(() => 'silence' as const),
    ]);
  return { answers, ask, errors };
}

test('the same id gets the first answer again, also while that is under way', async () => {
  const { answers, ask } = stage();
  let count = 0;
  answers.handle('confirm', async () => {
    await Bun.sleep(5);
    return ++count;
  });
  const [first, second] = await Promise.all([ask('a'), ask('a')]);
  expect([first, second, await ask('a')]).toEqual(Array(3).fill({ ok: true, result: 1 }));
  expect(await ask('b')).toEqual({ ok: true, result: 2 });
});

test('a refusal is told with its code, any other failure is told here and without its words', async () => {
  const { answers, ask, errors } = stage();
  answers.handle('confirm', (payload) => {
    if (payload) throw new RefusalError('BUSY', 'x'.repeat(600));
    throw new Error('secret');
  });
  const error = { code: 'BUSY', detail: 'x'.repeat(500) };
  expect(await ask('a', 'confirm', 1)).toEqual({ ok: false, error });
  expect(errors).toEqual([]);
  const failed = { code: 'HANDLER_FAILED', detail: 'The device has failed' };
  expect(await ask('b')).toEqual({ ok: false, error: failed });
  expect(errors).toMatchObject([{ message: 'secret' }]);
  expect(() => new RefusalError('busy', '')).toThrow('no code');
});

test('what nobody handles here is left to other devices', async () => {
  const { answers, ask } = stage();
  expect(answers.isEmpty).toBe(true);
  const remove = answers.handle('confirm', () => undefined);
  expect(() => answers.handle('confirm', () => 2)).toThrow('already');
  expect(await ask('a', 'toString')).toBe('silence');
  expect(await ask('b')).toEqual({ ok: true, result: null });
  remove();
  expect(await ask('c')).toBe('silence');
  expect(await ask('b')).toEqual({ ok: true, result: null });
  expect(answers.isEmpty).toBe(true);
});

test('the memory of answers is bounded', async () => {
  const { answers, ask } = stage();
  let count = 0;
  answers.handle('confirm', () => ++count);
  for (let n = 0; n < 201; n++) await ask(`${n}`);
  expect(await ask('200')).toEqual({ ok: true, result: 201 });
  expect(await ask('0')).toEqual({ ok: true, result: 202 });
});
