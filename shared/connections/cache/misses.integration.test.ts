import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { purgeTenant } from './index.ts';
import { createTestCache } from './test-cache.ts';

interface Result {
  hits: number;
  misses: number;
  distinct: number[];
}

/** A process that waits for its input, then asks 500 times at once. */
function start(tenantId: string, counter: string) {
  const script = join(import.meta.dir, 'test-misses-process.ts');
  const command = [process.execPath, script, tenantId, '500', '300', counter];
  const child = Bun.spawn(command, {
    env: testEnvironment.variables,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const lines = readLines(child.stdout);
  const nextLine = async () => (await lines.next()).value ?? '';
  return {
    waitUntilReady: nextLine,
    async ask(): Promise<Result> {
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

test('memoize: 1,000 misses at once in two processes load once', async () => {
  const tenantId = newId('org');
  const counter = `test:${tenantId}`;
  const { valkey, close } = createTestCache();
  const processes = [start(tenantId, counter), start(tenantId, counter)];
  try {
    const started = await Promise.all(processes.map(({ waitUntilReady }) => waitUntilReady()));
    expect(started).toEqual(['ready', 'ready']);
    const results = await Promise.all(processes.map(({ ask }) => ask()));
    expect(await valkey.get(counter)).toBe('1');
    for (const { hits, misses, distinct } of results) {
      expect(hits + misses).toBe(500);
      expect(distinct).toEqual([1]);
    }
    expect(await purgeTenant(valkey, tenantId)).toBe(1);
  } finally {
    for (const { stop } of processes) stop();
    await valkey.del(counter);
    close();
  }
});
