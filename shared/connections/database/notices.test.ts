import { expect, test } from 'bun:test';
import { createNotices } from './notices.ts';

const atOnce = async () => {};

test.each([0, 1, 2, 3, 4, 5])(
  'asked for %d turns after the end of one, another is sent',
  async (turns) => {
    const sent: PromiseWithResolvers<void>[] = [];
    const notify = createNotices(() => {
      const one = Promise.withResolvers<void>();
      sent.push(one);
      return one.promise;
    }, atOnce);
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
  }, atOnce);
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
  }, atOnce);
  notify('a');
  await Bun.sleep(0);
  notify('a');
  await Bun.sleep(0);
  expect(sent).toBe(2);
});

test('what is asked for in the pause after one is one more, when it ends', async () => {
  const pauses: PromiseWithResolvers<void>[] = [];
  let sent = 0;
  const notify = createNotices(
    async () => sent++,
    () => {
      const pause = Promise.withResolvers<void>();
      pauses.push(pause);
      return pause.promise;
    },
  );
  for (let i = 0; i < 3; i++) {
    notify('a');
    await Bun.sleep(0);
  }
  expect(sent).toBe(1);
  pauses[0]?.resolve();
  await Bun.sleep(0);
  expect(sent).toBe(2);
  pauses[1]?.resolve();
  await Bun.sleep(0);
  notify('a');
  expect(sent).toBe(3);
});
