import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

const SCRIPT = join(import.meta.dir, '../../tools/test-servers/storage-server.ts');

interface Started {
  pid: number;
  url: string;
}

/** How each of them is spoken to. */
interface Accounts {
  swift: { accessKeyId: string; secretAccessKey: string };
  azurite: { account: string; accessKey: string };
}

/**
 * Starts a storage service of another maker, empty, for as long as this process lives or until
 * `close`; the first time on a machine it is fetched, which takes a minute. Swift speaks S3.
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
  async function tell(word: 'kill' | 'start'): Promise<void> {
    await child.stdin.write(`${word}\n`);
    await child.stdin.flush();
    await nextLine();
  }
  const started: Started & Accounts[K] = JSON.parse(await nextLine());
  return {
    ...started,
    /** `kill -9`; resolves when it is gone. */
    kill: () => tell('kill'),
    /** The same one once more, at its address and with its files; resolves when it serves. */
    startAgain: () => tell('start'),
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
