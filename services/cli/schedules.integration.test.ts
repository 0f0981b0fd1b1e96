import { afterAll, expect, test } from 'bun:test';
import { until } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const desk = (...words: string[]) => runDesk(['schedules', ...words]);

afterAll(() => desk('resume', 'purge-events'));

test("the worker's schedules are listed, paused and resumed by name", async () => {
  const line = async () =>
    (await desk('list')).output?.split('\n').find((text) => text.startsWith('purge-events'));
  await until(line, 20_000);
  expect(await line()).toMatch(/^purge-events +17 2 \* \* \* UTC +due \d{4}-.*T02:17:00\.000Z/);
  expect(await desk('pause', 'purge-events')).toMatchObject({
    code: 0,
    output: 'purge-events is paused\n',
  });
  expect(await line()).toContain('paused since');
  expect(await desk('resume', 'purge-events')).toMatchObject({
    output: 'purge-events is resumed\n',
  });
  expect(await line()).toContain('due ');
});

test('what is not there, or not said, is refused', async () => {
  expect(await desk('pause', 'nobody')).toMatchObject({
    code: 1,
    errors: 'desk schedules: There is no schedule nobody\n',
  });
  expect((await desk('pause')).code).toBe(2);
});
