import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

const SCRIPT = join(import.meta.dir, '../../tools/test-servers/storage-server.ts');

interface StorageServer {
  pid: number;
  url: string;
}

/** Credentials of each kind. */
interface Accounts {
  swift: { accessKeyId: string; secretAccessKey: string };
  azurite: { account: string; accessKey: string };
}

/**
 * Starts an empty third-party storage server, until `close` or the exit of this process. The first
 * start on a machine downloads it, which takes a minute. Swift implements S3.
 */
export async function startStorageServer<K extends keyof Accounts>(kind: K) {
  const child = Bun.spawn([process.execPath, SCRIPT, kind], {
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const input = Readable.fromWeb(child.stdout as never);
  const lines = createInterface({ input })[Symbol.asyncIterator]();
  async function nextLine(): Promise<string> {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${kind} did not start`);
    return value;
  }
  async function sendCommand(command: 'kill' | 'start'): Promise<void> {
    await child.stdin.write(`${command}\n`);
    await child.stdin.flush();
    await nextLine();
  }
  const started: StorageServer & Accounts[K] = JSON.parse(await nextLine());
  return {
    ...started,
    /** `kill -9`; resolves when the process has ended. */
    kill: () => sendCommand('kill'),
    /** Restarts it with the same address and files; resolves when it is ready. */
    restart: () => sendCommand('start'),
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
