import { expect, spyOn, test } from 'bun:test';
import { commands } from './commands.ts';

const organization = 'org_01h455vb4pex5vsknk084sn02q';

test.each([
  ['audit'],
  ['audit check'],
  ['audit verify --organization x'],
  ['audit verify --all'],
  ['doctor --force'],
  ['doctor everything'],
  ['events'],
  ['files'],
  ['files remove'],
  ['files check --organization all'],
  ['files check --force'],
  ['flags set'],
  ['flags list acme'],
  ['keys eat'],
  ['migrate now'],
  ['migrate --force'],
  ['migrate --status --dry-run'],
  ['migrate --lock-timeout 0'],
  ['organizations'],
  ['organizations disable'],
  ['organizations show'],
  ['organizations list a b'],
  ['organizations disable org_x'],
  [`organizations delete ${organization}`],
  [`organizations quota ${organization}`],
  [`organizations quota ${organization} bytes 1`],
  [`organizations quota ${organization} seats -1`],
  ['organizations quota org_x seats 1'],
  ['queues'],
  ['queues pause'],
  ['queues pause nobody'],
  ['queues toString calendar-sync'],
  ['schedules pause'],
  ['secrets'],
  ['secrets generate --force'],
  ['seed now'],
  ['users'],
  ['users find'],
  ['users verify x'],
  [`users delete ${organization}`],
])('desk %s: prints its usage and ends with 2', async (line) => {
  const [name = '', ...words] = line.split(' ');
  const printed = spyOn(console, 'error').mockImplementation(() => {});
  try {
    expect(await commands[name]?.run(words)).toBe(2);
    expect(printed.mock.calls).toEqual([[expect.stringMatching(/^Usage: /)]]);
  } finally {
    printed.mockRestore();
  }
});
