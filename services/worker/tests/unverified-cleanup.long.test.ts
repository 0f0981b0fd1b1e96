import { afterAll, expect, test } from 'bun:test';
import { deleteUnverifiedAccounts } from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { openTestWorker } from '../testing/test-worker.ts';

const worker = await openTestWorker();
afterAll(worker.close);

test('deleteUnverifiedAccounts: one run deletes more than addresses may register in an hour', async () => {
  const { admin, context } = worker;
  await admin`with ids as (select gen_random_uuid() as id from generate_series(1, 450)),
    accounts as (insert into users (id, email, name, created_at)
      select id, id || '@example.com', 'n', now() - interval '31 days' from ids returning id),
    tenants as (insert into organizations (id, name) select id, 'o' from ids returning id)
    insert into members (tenant_id, user_id, role) select id, id, 'owner' from ids`;
  const { signal } = new AbortController();
  expect(await deleteUnverifiedAccounts(context, { days: 30 }, { signal })).toBe(450);
  const [left] = await admin`select count(*)::int as count from organizations`;
  expect(left?.count).toBe(0);
}, 120_000);
