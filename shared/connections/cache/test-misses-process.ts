import type { Id } from '@insightdesk/shared/contract';
import { createTestCache } from './test-cache.ts';

// A test runs this as a process of its own: <tenant> <callers> <ms of a load> <key of a counter>
const [tenantId = '', callers = '', loadMs = '', counter = ''] = process.argv.slice(2);
const { cache, valkey, waitUntilReady, close } = createTestCache();
await waitUntilReady();
process.stdout.write('ready\n');
for await (const _ of process.stdin) break;
const ask = cache.forTenant(tenantId as Id<'org'>).memoize(
  () => 'key',
  async () => {
    await Bun.sleep(Number(loadMs));
    return { loads: await valkey.incr(counter) };
  },
  { ttlSeconds: 60 },
);
const results = await Promise.all(Array.from({ length: Number(callers) }, () => ask()));
const distinct = [...new Set(results.map(({ loads }) => loads))];
process.stdout.write(`${JSON.stringify({ ...cache.getStats(), distinct })}\n`);
close();
process.exit(0);
