import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import { createTokenCodec } from '@insightdesk/shared/security';
import {
  createTestContext,
  createTestTenant,
  startTcpProxy,
  testEnvironment,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { createDatabase } from './database.ts';

const DELAY_MS = 20;
let roundTrips = 0;
let hasReceived = true;
const testContext = createTestContext();
const { tenantId } = await createTestTenant(testContext.context);

/** A slow proxy: counts how often the client sends after it has received something. */
const proxy = await startTcpProxy(testEnvironment.databaseUrl, {
  transfer(direction, write) {
    if (direction === 'response') {
      setTimeout(() => {
        hasReceived = true;
        write();
      }, DELAY_MS);
      return;
    }
    if (hasReceived) roundTrips++;
    hasReceived = false;
    write();
  },
});
const limits = { readers: 1, writers: 1, timeoutMs: 5000, slowQueryMs: 5000 };
const database = createDatabase({ url: proxy.url, ...limits });
afterAll(async () => {
  await Promise.all([database.close(), testContext.close()]);
  proxy.close();
});

async function countRoundTrips(work: () => Promise<unknown>): Promise<number> {
  for (let warm = 0; warm < 3; warm++) await work();
  roundTrips = 0;
  await work();
  return roundTrips;
}

const query = sql`select 1`;

test('a tenant read takes one round trip, with one query or several', async () => {
  expect(await countRoundTrips(() => database.read({ tenantId }, (tx) => tx.execute(query)))).toBe(
    1,
  );
  const both = () =>
    database.read({ tenantId }, (tx) =>
      Promise.all([tx.execute(query).execute(), tx.execute(query).execute()]),
    );
  expect(await countRoundTrips(both)).toBe(1);
});

test('concurrent reads share a round trip', async () => {
  const read = () => database.read({ tenantId }, (tx) => tx.execute(query));
  expect(await countRoundTrips(() => Promise.all([read(), read(), read()]))).toBe(1);
});

test('a tenant write takes a round trip for its queries and one for COMMIT, none to begin', async () => {
  const write = () =>
    database.write({ tenantId }, (tx) =>
      tx.execute(sql`insert into email_deliveries (tenant_id, key, recipient)
        values (${toUuid(tenantId)}, gen_random_uuid()::text, 'r')`),
    );
  expect(await countRoundTrips(write)).toBe(2);
});

test('an idempotent write takes no additional round trip', async () => {
  const security = { tokenCodec: createTokenCodec('secret') } as Context['security'];
  const actor = { kind: 'user', userId: newId('usr') } as Context['actor'];
  const quotas = { 'stored-bytes': 0 };
  const limits = { quotas, unverifiedQuotas: quotas } as Context['limits'];
  const ctx = { database, tenantId, security, actor, limits } as Context;
  const write = (isKeyed: boolean) => () => {
    const request = { key: crypto.randomUUID(), fingerprint: [] };
    const idempotency = createIdempotency(ctx, request, () => ({
      status: 200,
      body: null,
      headers: {},
    }));
    return database.write({ tenantId }, async (tx) => {
      if (isKeyed) idempotency.reserve(tx);
      await tx.execute(query);
      if (isKeyed) idempotency.store(tx, undefined);
    });
  };
  expect(await countRoundTrips(write(true))).toBe(await countRoundTrips(write(false)));
});
