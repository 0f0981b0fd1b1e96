import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import {
  createApiKey,
  revokeApiKey,
  rotateApiKey,
} from '@insightdesk/shared/domain/identity/api-keys';
import { createRole, updateRole } from '@insightdesk/shared/domain/identity/roles';
import { updateMember } from '@insightdesk/shared/domain/identity/users';
import {
  createTestContext,
  createTestTenant,
  testEnvironment,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { type SQL, sql } from 'drizzle-orm';
import { connect } from './connect.ts';

const { context, close } = createTestContext();
const listener = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(() => Promise.all([close(), listener.end()]));

test('access: every change of permissions notifies with the next generation, past relay and Valkey', async () => {
  const received: string[] = [];
  const generations: number[] = [];
  const { owner, member, tenantId } = await createTestTenant(context);
  await listener.listen('access', (payload) => {
    const [tenant, generation, ...user] = payload.split(' ');
    if (tenant !== toUuid(tenantId)) return;
    generations.push(Number(generation));
    received.push([tenant, ...user].join(' '));
  });
  const userId = userIdOf(await member('agent'));
  const expectNotification = async (expected: string, act: () => Promise<unknown>) => {
    received.length = 0;
    await act();
    await until(`a notification ${expected}`, () => received.includes(expected));
  };
  const all = toUuid(tenantId);
  const role = await createRole(owner, { name: 'R', base: 'agent', permissions: [] });
  await expectNotification(`${all} ${toUuid(userId)}`, () =>
    updateMember(owner, { userId, role: 'agent', roleId: role.id }),
  );
  await expectNotification(all, () =>
    updateRole(owner, { id: role.id, permissions: ['members:read'] }),
  );
  const key = await createApiKey(owner, { name: 'K', permissions: ['members:read'] });
  const holder = `${all} ${toUuid(key.userId)}`;
  await expectNotification(holder, () => rotateApiKey(owner, { id: key.id, overlapHours: 0 }));
  await expectNotification(holder, () => revokeApiKey(owner, { id: key.id }));
  const execute = (statement: SQL) =>
    context.database.write({ tenantId }, (tx) => tx.execute(statement));
  const factor = (value: string | null) =>
    execute(sql`update sessions set factor_id = ${value}::uuid where user_id = ${toUuid(userId)}`);
  await factor(toUuid(key.id));
  await expectNotification(`${all} ${toUuid(userId)}`, () => factor(null));
  await expectNotification(all, () =>
    execute(sql`update organizations set require_two_factor = true`),
  );
  const [first = 0] = generations;
  expect(generations).toEqual(generations.map((_, index) => first + index));
});
