import { join } from 'node:path';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { SignJWT } from 'jose';
import { startChild } from '../sockets/child.ts';
import { json, post, readStack, register, serviceOf } from '../stack.ts';
import { type FloorOptions, statements } from './statements.ts';

/** A server under measurement. */
export interface Side {
  pid: number;
  origin: string;
  headers: Record<string, string>;
  conversations: string;
  ids: string[];
  stop(): Promise<void>;
}

const CONVERSATIONS = 64;
/** The pids of the worker and WebSocket processes, which react to writes. */
export const eventConsumers = readStack().services.flatMap(({ kind, pid }) =>
  kind === 'api' ? [] : [pid],
);

/** Our API with a new organization. */
export async function createOurs() {
  const { pid, url } = serviceOf('api');
  const { origin } = new URL(url);
  const owner = await register();
  const headers = { ...json, Authorization: `Bearer ${owner.accessToken}` };
  const ids: Id<'cnv'>[] = [];
  for (let n = 0; n < CONVERSATIONS; n++) {
    const body = { subject: `A lamp ${n}`, body: 'b' };
    const { id } = await post<{ id: Id<'cnv'> }>('/v1/conversations', body, headers);
    ids.push(id);
  }
  const tenant = toUuid(owner.organization.id);
  const author = toUuid(owner.user.id);
  const side: Side = {
    pid,
    origin,
    headers,
    conversations: '/v1/conversations',
    ids,
    stop: async () => {},
  };
  return { side, tenant, author };
}

/** Tables of the floors: the same rows and indexes, without triggers and policies. */
export async function createFloorTables(tenant: string) {
  const sql = connect(readStack().postgres, { timeoutMs: 30_000 });
  const drop = () => sql.unsafe('drop schema if exists bench cascade');
  await drop();
  await sql.unsafe('create schema bench');
  for (const table of ['conversations', 'messages', 'outbox']) {
    await sql.unsafe(`create table bench.${table} (like public.${table} including all)`);
  }
  await sql`insert into bench.conversations select * from conversations where tenant_id = ${tenant}`;
  await sql.unsafe('analyze bench.conversations');
  return async () => {
    await drop();
    await sql.end();
  };
}

/** Starts a floor in a child process. */
export async function startFloor(
  file: 'floor.ts' | 'express.mjs',
  ours: { side: Side; tenant: string; author: string },
): Promise<Side> {
  const { side, tenant, author } = ours;
  const secret = 'a secret of the benchmark that is long enough';
  const token = await new SignJWT({ sub: author })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
  const options: FloorOptions = {
    postgres: readStack().postgres,
    secret,
    tenant,
    author,
    statements,
  };
  const node = file.endsWith('.mjs') ? Bun.which('node') : null;
  const child = await startChild([node ?? process.execPath, join(import.meta.dir, file)], {
    FLOOR: JSON.stringify(options),
  });
  return {
    pid: child.pid,
    origin: child.greeting as string,
    headers: { ...json, Authorization: `Bearer ${token}` },
    conversations: '/conversations',
    ids: side.ids.map((id) => toUuid(id as Id<'cnv'>)),
    stop: child.stop,
  };
}
