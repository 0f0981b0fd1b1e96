import { expect, test } from 'bun:test';
import { createNotifier } from './notifier.ts';

const noPause = async () => {};

test.each([0, 1, 2, 3, 4, 5])(
  'a request %d turns after the end of a notification sends another one',
  async (turns) => {
    const sent: PromiseWithResolvers<void>[] = [];
    const notify = createNotifier(() => {
      const response = Promise.withResolvers<void>();
      sent.push(response);
      return response.promise;
    }, noPause);
    notify('a');
    const requested = (async () => {
      await sent[0]?.promise;
      for (let i = 0; i < turns; i++) await undefined;
      notify('a');
    })();
    sent[0]?.resolve();
    await requested;
    await Bun.sleep(0);
    expect(sent).toHaveLength(2);
  },
);

test('requests during a notification are coalesced into one more', async () => {
  const sent: PromiseWithResolvers<void>[] = [];
  const notify = createNotifier(() => {
    const response = Promise.withResolvers<void>();
    sent.push(response);
    return response.promise;
  }, noPause);
  for (let i = 0; i < 3; i++) notify('a');
  expect(sent).toHaveLength(1);
  sent[0]?.resolve();
  await Bun.sleep(0);
  expect(sent).toHaveLength(2);
  sent[1]?.resolve();
  await Bun.sleep(0);
  expect(sent).toHaveLength(2);
});

test('a failed notification does not block the next one', async () => {
  let sent = 0;
  const notify = createNotifier(async () => {
    sent++;
    throw new Error('gone');
  }, noPause);
  notify('a');
  await Bun.sleep(0);
  notify('a');
  await Bun.sleep(0);
  expect(sent).toBe(2);
});

test('requests in the pause after a notification are coalesced into one more at its end', async () => {
  const pauses: PromiseWithResolvers<void>[] = [];
  let sent = 0;
  const notify = createNotifier(
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
