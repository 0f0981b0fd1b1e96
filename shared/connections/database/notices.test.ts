import { expect, test } from 'bun:test';
import { createNotices } from './notices.ts';

test.each([0, 1, 2, 3, 4, 5])(
  'asked for %d turns after the end of one, another is sent',
  async (turns) => {
    const sent: PromiseWithResolvers<void>[] = [];
    const notify = createNotices(() => {
      const one = Promise.withResolvers<void>();
      sent.push(one);
      return one.promise;
    });
    notify('a');
    const asked = (async () => {
      await sent[0]?.promise;
      for (let i = 0; i < turns; i++) await undefined;
      notify('a');
    })();
    sent[0]?.resolve();
    await asked;
    await Bun.sleep(0);
    expect(sent).toHaveLength(2);
  },
);

test('what is asked for while one is under way is one more', async () => {
  const sent: PromiseWithResolvers<void>[] = [];
  const notify = createNotices(() => {
    const one = Promise.withResolvers<void>();
    sent.push(one);
    return one.promise;
  });
  for (let i = 0; i < 3; i++) notify('a');
  expect(sent).toHaveLength(1);
  sent[0]?.resolve();
  await Bun.sleep(0);
  expect(sent).toHaveLength(2);
  sent[1]?.resolve();
  await Bun.sleep(0);
  expect(sent).toHaveLength(2);
});

test('one that fails is not in the way of the next', async () => {
  let sent = 0;
  const notify = createNotices(async () => {
    sent++;
    throw new Error('gone');
  });
  notify('a');
  await Bun.sleep(0);
  notify('a');
  await Bun.sleep(0);
  expect(sent).toBe(2);
});
