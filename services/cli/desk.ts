import { commands } from './commands.ts';

const [name = '--help', ...words] = process.argv.slice(2);
const command = commands[name];

if (name === '--help' || name === 'help') {
  const rows = Object.entries(commands).map(
    ([word, { summary }]) => `  ${word.padEnd(15)}${summary}`,
  );
  console.log(['Usage: desk <command>', '', ...rows].join('\n'));
} else if (!command) {
  console.error(`desk: unknown command '${name}'; desk --help lists all`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await command.run(words);
  } catch (error) {
    console.error(`desk ${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
