import { spawnSync } from 'node:child_process';

/** Each of these, with all that it started. */
function familiesOf(pids: readonly number[]): number[] {
  const lines = spawnSync('ps', ['-eo', 'pid=,ppid=']).stdout.toString().trim().split('\n');
  const parents = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const family = new Set(pids.filter((pid) => pid > 1));
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const [pid = 0, parent = 0] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // One that has ended needs neither.
  }
}

/** Processes and their children stand still until the function that comes back is called. */
export function freeze(pids: readonly number[]): () => void {
  const frozen = familiesOf(pids);
  if (frozen.length < pids.length) throw new Error('A process does not exist');
  for (const pid of frozen) signal(pid, 'SIGSTOP');
  return () => {
    for (const pid of frozen) signal(pid, 'SIGCONT');
  };
}
