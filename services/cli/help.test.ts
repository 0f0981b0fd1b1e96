import { expect, test } from 'bun:test';
import { commands } from './commands.ts';
import { runDesk } from './test-command.ts';

test.each(Object.keys(commands))(
  'desk %s --help prints its usage and exits with 0',
  async (name) => {
    const { code, output, errors } = await runDesk([name, 'rotate', '--help']);
    expect(`${output}${errors}`).toContain(`Usage: desk ${name}`);
    expect(code).toBe(0);
  },
);
