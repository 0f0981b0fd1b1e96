// Plain Bun.serve that streams bodies to the disk, without validation, database and log. With DURABLE=1 it also
// hashes and syncs.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const directory = process.env.FLOOR ?? '';
const isDurable = process.env.DURABLE === '1';

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  async fetch(request) {
    await using file = await open(join(directory, crypto.randomUUID()), 'wx');
    const hash = createHash('sha256');
    for await (const chunk of request.body ?? []) {
      if (isDurable) hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (isDurable) {
      hash.digest('hex');
      await file.sync();
    }
    return new Response(null, { status: 201 });
  },
});
// The parent requests the clock.
process.on('message', ({ id }: { id: number }) => process.send?.({ id, result: Date.now() }));
process.send?.({ id: 0, result: server.url.origin });
