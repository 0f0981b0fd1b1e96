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
    process.exitCode = isHelp(words) ? await printUsage() : await command.run(words);
  } catch (error) {
    console.error(`desk ${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

function isHelp(words: string[]): boolean {
  return words.some((word) => word === '--help' || word === '-h');
}

/** Only the replay has a help text of its own; the others print their usage for an unknown word. */
async function printUsage(): Promise<number> {
  await command?.run(
    name === 'events' && words[0] === 'replay' ? ['replay', '--help'] : ['--help'],
  );
  return 0;
}
