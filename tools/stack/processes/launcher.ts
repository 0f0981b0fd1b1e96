import { commandLineOf, identityOf, parentOf } from './process-identity.ts';

const POLL_MS = 500;
const LAUNCHER = /^(npm|npx|bun|bunx|node|sh -c '?(npx|bun)'?|\S*\/(bun|node|npm|npx)) ?/;

/** npm passes no signal on: calls `onGone` once when a launcher above this process has ended. */
export function watchLauncher(onGone: () => void): void {
  const launchers = npmAncestors();
  const timer = setInterval(() => {
    if (launchers.every((identity) => identityOf(Number.parseInt(identity, 10)) === identity)) {
      return;
    }
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
}

/** From the parent up to the topmost npm: a shell above it may leave `npm start &` to itself. */
function npmAncestors(): string[] {
  const chain: { identity: string; isNpm: boolean }[] = [];
  for (let pid = process.ppid; pid > 1; pid = parentOf(pid)) {
    const commandLine = commandLineOf(pid);
    const identity = identityOf(pid);
    if (!identity || !LAUNCHER.test(commandLine)) break;
    chain.push({ identity, isNpm: /^(npm|npx)\b/.test(commandLine) });
  }
  const top = chain.findLastIndex(({ isNpm }) => isNpm);
  return chain.slice(0, top + 1).map(({ identity }) => identity);
}
