import { expect, test } from 'bun:test';
import { createTroubleLog } from './trouble-log.ts';

test('a thousand failures in a second make one line, the next one tells how many', () => {
  let nowMs = 0;
  const unsaid: number[] = [];
  const warn = (fields: { unsaid: number }) => unsaid.push(fields.unsaid);
  const onTrouble = createTroubleLog({ warn } as never, () => nowMs);
  for (let i = 0; i < 1_000; i++) onTrouble(new Error('gone'));
  nowMs = 1_000;
  onTrouble(new Error('gone'));
  expect(unsaid).toEqual([0, 999]);
});
