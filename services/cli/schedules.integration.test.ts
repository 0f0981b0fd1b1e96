import { afterAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['schedules', ...words]);

afterAll(() => desk('resume', 'retention.delete-old-events'));

test('schedules lists, pauses and resumes by name', async () => {
  const line = async () =>
    (await desk('list')).output
      ?.split('\n')
      .find((text) => text.startsWith('retention.delete-old-events'));
  await until(line, { timeoutMs: 20_000 });
  expect(await line()).toMatch(
    /^retention.delete-old-events +17 2 \* \* \* UTC +due \d{4}-.*T02:17:00\.000Z/,
  );
  expect(await desk('pause', 'retention.delete-old-events')).toMatchObject({
    code: 0,
    output: 'retention.delete-old-events is paused\n',
  });
  expect(await line()).toContain('paused since');
  expect(await desk('resume', 'retention.delete-old-events')).toMatchObject({
    output: 'retention.delete-old-events is resumed\n',
  });
  expect(await line()).toContain('due ');
});

test('schedules refuses an unknown name', async () => {
  expect(await desk('pause', 'nobody')).toMatchObject({
    code: 1,
    errors: 'desk schedules: Unknown schedule nobody\n',
  });
});
