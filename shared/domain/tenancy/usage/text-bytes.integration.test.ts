import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { deleteOldIdempotencyKeys } from '@insightdesk/shared/domain/tenancy/retention';
import { updateQuota } from '@insightdesk/shared/domain/tenancy/tenants';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createIsolatedTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { getUsage } from './index.ts';

// An own database: idempotency keys expire for all organizations.
const stage = await createIsolatedTestContext();
const { context, admin } = stage;
afterAll(stage.close);

const QUOTA = 100_000;
const body = 'x'.repeat(10_000);

async function setUp() {
  const { owner, tenantId } = await createTestTenant(context);
  const system = systemContext(context, 'test', { tenantId, requestId: 'test' });
  await updateQuota(system, { metric: 'stored-bytes', value: QUOTA });
  const { id } = await createConversation(owner, { subject: 's', body: 'x' });
  const used = async () => {
    const { quotas } = await getUsage(owner, {});
    return quotas.find(({ name }) => name === 'stored-bytes')?.value ?? 0;
  };
  const send = (ctx: Context = owner) => sendMessage(ctx, { id, body });
  /** Sends a message like a request with this Idempotency-Key. */
  const sendWithKey = (key: string) => {
    const toResponse = (result: unknown) => ({
      status: 201,
      body: JSON.stringify(result),
      headers: {},
    });
    const idempotency = createIdempotency(owner, { key, fingerprint: [key] }, toResponse);
    return send({ ...owner, idempotency });
  };
  return { owner, tenantId: toUuid(tenantId), id, used, send, sendWithKey };
}

const exceeded = { status: 422, code: 'QUOTA_EXCEEDED' };

test('messages count as stored bytes; concurrent ones exceed the quota by less than they write', async () => {
  const { owner, id, tenantId, used, send } = await setUp();
  const opened = await Promise.all(
    Array.from({ length: 4 }, () => createConversation(owner, { subject: 's', body })),
  );
  expect(await used()).toBe(1 + 4 * body.length);
  const ids = [id, ...opened.map((one) => one.id)];
  const results = await Promise.allSettled(
    Array.from({ length: 30 }, (_, n) => sendMessage(owner, { id: ids[n % 5] ?? id, body })),
  );
  const rejected = results.filter(({ status }) => status === 'rejected');
  for (const { reason } of rejected as PromiseRejectedResult[]) {
    expect(reason).toMatchObject(exceeded);
  }
  const sent = results.length - rejected.length;
  expect(await used()).toBe(1 + (4 + sent) * body.length);
  expect(await used()).toBeLessThan(QUOTA + 10 * body.length);
  await expect(send()).rejects.toMatchObject(exceeded);
  await admin`delete from conversations where tenant_id = ${tenantId} and number > 1`;
  const [left] = await admin`select sum(octet_length(body))::int as bytes from messages
    where tenant_id = ${tenantId}`;
  expect(await used()).toBe(left?.bytes);
  await send();
});

test('stored responses count until they expire; without bytes left only the fact is stored', async () => {
  const { tenantId, used, sendWithKey } = await setUp();
  await sendWithKey('k-1');
  const [stored] = await admin`select sum(octet_length(response))::int as bytes
    from idempotency_keys where tenant_id = ${tenantId}`;
  expect(stored?.bytes).toBeGreaterThan(body.length);
  expect(await used()).toBe(1 + body.length + stored?.bytes);
  // Room for the message, not for its response.
  await admin`update quotas set value = ${1 + 2 * body.length + stored?.bytes + 100}
    where tenant_id = ${tenantId} and metric = 'stored-bytes'`;
  await sendWithKey('k-2');
  const responses =
    await admin`select response is null as is_gone, completed_at is not null as completed
    from idempotency_keys where tenant_id = ${tenantId} order by created_at desc limit 1`;
  expect(responses).toMatchObject([{ is_gone: true, completed: true }]);
  await admin`update idempotency_keys set created_at = now() - interval '3 days'`;
  const run = { signal: new AbortController().signal } as JobRun;
  await deleteOldIdempotencyKeys(context, { days: 2 }, run);
  expect(await used()).toBe(1 + 2 * body.length);
});
