import { spawnSync } from 'node:child_process';

/** Processes with all of their descendants. */
function listFamilies(pids: readonly number[]): number[] {
  const lines = spawnSync('ps', ['-eo', 'pid=,ppid=']).stdout.toString().trim().split('\n');
  const parents = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const family = new Set(pids.filter((pid) => pid > 1));
  for (let previousSize = 0; previousSize !== family.size; ) {
    previousSize = family.size;
    for (const [pid = 0, parent = 0] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has ended.
  }
}

/** Stops processes and their descendants (SIGSTOP). Returns a function that continues them. */
export function freeze(pids: readonly number[]): () => void {
  const frozen = listFamilies(pids);
  if (frozen.length < pids.length) throw new Error('A process does not exist');
  for (const pid of frozen) signal(pid, 'SIGSTOP');
  return () => {
    for (const pid of frozen) signal(pid, 'SIGCONT');
  };
}
