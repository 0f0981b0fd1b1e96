import { afterAll, expect, test } from 'bun:test';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['queues', ...words]);

// No service has a handler of this queue.
const queue = 'calendar-sync';
afterAll(() => desk('resume', queue));

test('queues lists those that a job uses, pauses, resumes and retries failed jobs', async () => {
  const { output } = await desk('list');
  expect(output).toContain('email-sending');
  expect(output).not.toContain('ai-processing');
  const line = async () =>
    (await desk('list')).output.split('\n').find((text) => text.startsWith(queue));
  expect((await desk('pause', queue)).output).toBe(`${queue} is paused\n`);
  expect(await line()).toMatch(/^calendar-sync( +\d+){6} +paused$/);
  expect((await desk('resume', queue)).output).toBe(`${queue} is resumed\n`);
  expect((await line()) ?? '').not.toContain('paused');
  expect((await desk('retry', queue)).output).toMatch(/^\d+ failed jobs of calendar-sync/);
});
