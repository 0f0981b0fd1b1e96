import { readFileSync } from 'node:fs';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import type { Row } from './run.ts';

const ROUNDS = 5;
const CONCURRENCY = 16;

const run = JSON.parse(readFileSync(process.env.INSIGHTDESK_RUN ?? '.data/run.json', 'utf8'));
const api: string = run.services.find(({ kind }: { kind: string }) => kind === 'api').url;
const json = { 'content-type': 'application/json' };

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Requests per second of `count` calls, CONCURRENCY at a time. */
async function rate(count: number, send: () => Promise<Response>): Promise<number> {
  let left = count;
  const startedAt = performance.now();
  const client = async () => {
    while (left-- > 0) {
      const answer = await send();
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, client));
  return (count / (performance.now() - startedAt)) * 1000;
}

/** Our API beside a bare Bun.serve with postgres.js: no tenancy, no validation, no limits, no log. */
export default async function measure(): Promise<Row[]> {
  const post = async (path: string, body: object, headers = {}) => {
    const answer = await fetch(`${api}${path}`, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as {
      accessToken: string;
      id: string;
      organization: { id: string };
    };
  };
  const owner = await post('/v1/auth/register', {
    email: `bench-${Date.now()}@example.com`,
    password: 'correct horse battery',
    name: 'Bench',
    organizationName: 'Bench',
  });
  const headers = { ...json, authorization: `Bearer ${owner.accessToken}` };
  let id = '';
  for (let n = 0; n < 30; n++) {
    ({ id } = await post('/v1/conversations', { subject: 's', body: 'b' }, headers));
  }
  const tenant = toUuid(owner.organization.id as never);
  const sql = connect(run.postgres, { timeoutMs: 10_000 });
  const floor = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/one') {
        return Response.json(
          await sql`select * from conversations where tenant_id = ${tenant} and id = ${toUuid(id as never)}`,
        );
      }
      return Response.json(
        await sql`select * from conversations where tenant_id = ${tenant} order by number desc limit 25`,
      );
    },
  });
  const cases = [
    { name: 'read one', count: 3000, floor: '/one', ours: `/v1/conversations/${id}` },
    { name: 'list 25', count: 1500, floor: '/list', ours: '/v1/conversations?limit=25' },
  ];
  const rows: Row[] = [];
  for (const { name, count, ...paths } of cases) {
    const rates = { floor: [] as number[], ours: [] as number[] };
    for (let round = 0; round <= ROUNDS; round++) {
      const floorRate = await rate(count, () => fetch(`${floor.url.origin}${paths.floor}`));
      const ourRate = await rate(count, () => fetch(`${api}${paths.ours}`, { headers }));
      if (round === 0) continue;
      rates.floor.push(floorRate);
      rates.ours.push(ourRate);
    }
    rows.push({ name, unit: 'req/s', floor: median(rates.floor), ours: median(rates.ours) });
  }
  await sql.end();
  await floor.stop(true);
  return rows;
}
