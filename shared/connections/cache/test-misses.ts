import { openCache } from './test-caches.ts';

// Run by a test as a process of its own: <key> <callers> <ms that a load takes> <counter's key>
const [key = '', callers = '', loadMs = '', counter = ''] = process.argv.slice(2);
const { cache, valkey, isHeard, close } = openCache();
await isHeard();
process.stdout.write('ready\n');
for await (const _ of process.stdin) break;
const ask = cache.forEveryone().memoize(
  () => key,
  async () => {
    await Bun.sleep(Number(loadMs));
    return { loads: await valkey.incr(counter) };
  },
  { ttlSeconds: 60 },
);
const answers = await Promise.all(Array.from({ length: Number(callers) }, () => ask()));
process.stdout.write(
  `${JSON.stringify({ ...cache.getStats(), distinct: [...new Set(answers.map((a) => a.loads))] })}\n`,
);
close();
process.exit(0);
