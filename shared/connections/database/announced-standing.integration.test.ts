import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { createKey, revokeKey, rotateKey } from '@insightdesk/shared/domain/identity/api-keys';
import { addRole, updateRole } from '@insightdesk/shared/domain/identity/roles';
import { updateMember } from '@insightdesk/shared/domain/identity/users';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  until,
  userOf,
} from '@insightdesk/shared/testing';
import { type SQL, sql } from 'drizzle-orm';
import { connect } from './connect.ts';

const { context, close } = createTestContext();
const listener = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(() => Promise.all([close(), listener.end()]));

test('each way to change what somebody may do is said by the rows, past relay and Valkey', async () => {
  const heard: string[] = [];
  await listener.listen('access', (payload) => void heard.push(payload));
  const { owner, member, tenantId } = await createTestTenant(context);
  const userId = userOf(await member('agent'));
  const said = async (wanted: string, act: () => Promise<unknown>) => {
    heard.length = 0;
    await act();
    await until(`a notification ${wanted}`, () => heard.includes(wanted));
  };
  const all = toUuid(tenantId);
  const role = await addRole(owner, { name: 'R', base: 'agent', permissions: [] });
  await said(`${all} ${toUuid(userId)}`, () =>
    updateMember(owner, { userId, role: 'agent', roleId: role.id }),
  );
  await said(all, () => updateRole(owner, { id: role.id, permissions: ['members:read'] }));
  const key = await createKey(owner, { name: 'K', permissions: ['members:read'] });
  const holder = `${all} ${toUuid(key.userId)}`;
  await said(holder, () => rotateKey(owner, { id: key.id, overlapHours: 0 }));
  await said(holder, () => revokeKey(owner, { id: key.id }));
  const changed = (statement: SQL) =>
    context.database.write({ tenantId }, (tx) => tx.execute(statement));
  const factor = (value: string | null) =>
    changed(sql`update sessions set factor_id = ${value}::uuid where user_id = ${toUuid(userId)}`);
  await factor(toUuid(key.id));
  await said(`${all} ${toUuid(userId)}`, () => factor(null));
  await said(all, () => changed(sql`update organizations set require_two_factor = true`));
});
