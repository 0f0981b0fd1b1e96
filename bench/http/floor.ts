// Plain Bun.serve with postgres.js in one process, without tenancy, validation, limits and log.
import { jwtVerify } from 'jose';
import postgres from 'postgres';
import type { FloorOptions } from './statements.ts';

const options: FloorOptions = JSON.parse(process.env.FLOOR ?? '{}');
const { statements } = options;
const sql = postgres(options.postgres, { max: 8 });
const key = new TextEncoder().encode(options.secret);
const verifiedUntil = new Map<string, number>();
const prepared = { prepare: true };

async function verify(request: Request): Promise<void> {
  const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
  if ((verifiedUntil.get(token) ?? 0) > Date.now()) return;
  const { payload } = await jwtVerify(token, key);
  verifiedUntil.set(token, (payload.exp ?? 0) * 1000);
}

async function reply(id: string, body: string) {
  const { tenant, author } = options;
  return sql.begin(async (tx) => {
    const [counted] = await tx.unsafe(statements.count, [tenant, id], prepared);
    const sequence = counted?.message_count;
    const values = [tenant, Bun.randomUUIDv7(), id, sequence, author, body];
    const [message] = await tx.unsafe(statements.reply, values, prepared);
    const event = [tenant, Bun.randomUUIDv7(), JSON.stringify({ message }), 'bench'];
    await tx.unsafe(statements.notify, event, prepared);
    return message;
  });
}

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    await verify(request);
    const [, , id] = new URL(request.url).pathname.split('/');
    if (request.method === 'POST') {
      const { body } = (await request.json()) as { body: string };
      return Response.json(await reply(id as string, body), { status: 201 });
    }
    const { tenant } = options;
    if (id === undefined) {
      return Response.json(await sql.unsafe(statements.list, [tenant], prepared));
    }
    const [row] = await sql.unsafe(statements.one, [tenant, id], prepared);
    return row ? Response.json(row) : new Response(null, { status: 404 });
  },
});
// The parent requests the clock.
process.on('message', ({ id }: { id: number }) => process.send?.({ id, result: Date.now() }));
process.send?.({ id: 0, result: server.url.origin });
