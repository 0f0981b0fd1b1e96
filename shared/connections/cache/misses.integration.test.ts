import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { testEnvironment } from '@insightdesk/shared/testing';
import { openCache } from './test-caches.ts';

interface Figures {
  hits: number;
  misses: number;
  distinct: number[];
}

/** A process that waits for a word, then asks 500 times at once. */
function start(key: string, counter: string) {
  const script = join(import.meta.dir, 'test-misses.ts');
  const command = [process.execPath, script, key, '500', '300', counter];
  const child = Bun.spawn(command, {
    env: testEnvironment.variables,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const lines = readLines(child.stdout);
  const nextLine = async () => (await lines.next()).value ?? '';
  return {
    isReady: nextLine,
    async ask(): Promise<Figures> {
      void child.stdin.write('go\n');
      await child.stdin.flush();
      return JSON.parse(await nextLine());
    },
    stop: () => child.kill(),
  };
}

async function* readLines(stream: ReadableStream<Uint8Array>) {
  let rest = '';
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

test('1,000 misses at once in two processes load once', async () => {
  const key = `misses-${crypto.randomUUID()}`;
  const counter = `test:${key}`;
  const { valkey, close } = openCache();
  const processes = [start(key, counter), start(key, counter)];
  try {
    expect(await Promise.all(processes.map(({ isReady }) => isReady()))).toEqual([
      'ready',
      'ready',
    ]);
    const figures = await Promise.all(processes.map(({ ask }) => ask()));
    expect(await valkey.get(counter)).toBe('1');
    for (const { hits, misses, distinct } of figures) {
      expect(hits + misses).toBe(500);
      expect(distinct).toEqual([1]);
    }
  } finally {
    for (const { stop } of processes) stop();
    await valkey.del(counter, `cache:all:main:${key}`);
    close();
  }
});
