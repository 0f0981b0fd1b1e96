import { readStack, serviceOf } from '../stack.ts';

const TIMEOUT_MS = 60_000;

/** Ends the replica that clients connect to; resolves when its successor is ready. */
export async function restartReplica(): Promise<void> {
  const before = serviceOf('websocket');
  process.kill(before.pid, 'SIGTERM');
  for (const end = performance.now() + TIMEOUT_MS; performance.now() < end; await Bun.sleep(100)) {
    try {
      const { pid, url } = serviceOf('websocket', readStack());
      if (pid !== before.pid && (await fetch(`${url}/health/ready`)).ok) return;
    } catch {
      // Not there yet.
    }
  }
  throw new Error('The replica did not come back');
}
