import { commandLineOf, identityOf, parentOf } from './process-identity.ts';

const POLL_MS = 500;
const LAUNCHER = /^(npm|npx|bun|bunx|node|sh -c '?(npx|bun)'?|\S*\/(bun|node|npm|npx)) ?/;

/** Calls `onExit` once when npm or another launcher of this process has ended: npm forwards no signals. */
export function watchLauncher(onExit: () => void): void {
  const launchers = npmAncestors();
  const timer = setInterval(() => {
    if (launchers.every((identity) => identityOf(Number.parseInt(identity, 10)) === identity)) {
      return;
    }
    clearInterval(timer);
    onExit();
  }, POLL_MS);
  timer.unref();
}

/** The processes from the parent up to the topmost npm. A shell above it may exit after `npm start &`. */
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
