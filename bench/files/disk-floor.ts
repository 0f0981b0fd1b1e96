// Bare Bun.serve that streams what it is sent to the disk: no tenancy, no check, no row, no log; neither
// hash nor sync unless asked for.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const directory = process.env.FLOOR ?? '';
const isCareful = process.env.CAREFUL === '1';

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  async fetch(request) {
    await using file = await open(join(directory, crypto.randomUUID()), 'wx');
    const hash = createHash('sha256');
    for await (const chunk of request.body ?? []) {
      if (isCareful) hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (isCareful) {
      hash.digest('hex');
      await file.sync();
    }
    return new Response(null, { status: 201 });
  },
});
// Whoever starts a child asks for its clock.
process.on('message', ({ id }: { id: number }) => process.send?.({ id, answer: Date.now() }));
process.send?.({ id: 0, answer: server.url.origin });
