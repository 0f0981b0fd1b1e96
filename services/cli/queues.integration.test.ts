import { afterAll, expect, test } from 'bun:test';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['queues', ...words]);

// No service has a handler of this queue.
const queue = 'calendar-sync';
afterAll(() => desk('resume', queue));

test('queues lists, pauses, resumes and retries failed jobs', async () => {
  const line = async () =>
    (await desk('list')).output.split('\n').find((text) => text.startsWith(queue));
  expect(await line()).toMatch(/^calendar-sync( +\d+){6}$/);
  expect((await desk('pause', queue)).output).toBe(`${queue} is paused\n`);
  expect(await line()).toEndWith('paused');
  expect((await desk('resume', queue)).output).toBe(`${queue} is resumed\n`);
  expect(await line()).not.toContain('paused');
  expect((await desk('retry', queue)).output).toMatch(/^\d+ failed jobs of calendar-sync/);
});
