import { join } from 'node:path';

const SCRIPT = join(import.meta.dir, '../../deploy/local/servers/storage-server.ts');

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
  const reader = child.stdout.getReader();
  let text = '';
  while (!text.includes('\n')) {
    const { value } = await reader.read();
    if (!value) throw new Error(`${kind} did not start`);
    text += new TextDecoder().decode(value);
  }
  const started: Started & Accounts[K] = JSON.parse(text);
  return {
    ...started,
    async close() {
      await child.stdin.end();
      await child.exited;
    },
  };
}
