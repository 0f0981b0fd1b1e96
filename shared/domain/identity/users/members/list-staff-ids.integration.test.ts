import { afterAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { createTestContext, createTestTenant, until, userIdOf } from '@insightdesk/shared/testing';
import {
  acceptInvitation,
  createInvitationToken,
  inviteMember,
  listStaffIds,
  removeMember,
  updateMember,
  userEvents,
} from '../index.ts';

const first = createTestContext();
const second = createTestContext();
afterAll(() => Promise.all([first.close(), second.close()]));

const missesOf = ({ context }: typeof first) => context.cache.getStats().misses;

test('listStaffIds: cached on two replicas and invalidated by changes', async () => {
  const { owner, tenantId, member } = await createTestTenant(first.context);
  const [ownerId, agentId] = [userIdOf(owner), userIdOf(await member('agent'))];
  await member('customer');
  const staff = async (replica = first) =>
    (await listStaffIds(replica.context, tenantId)).toSorted();
  const both = [ownerId, agentId].toSorted();
  expect(await staff()).toEqual(both);
  expect(await staff(second)).toEqual(both);
  const before = [missesOf(first), missesOf(second)];
  for (const replica of [first, second, first, second]) expect(await staff(replica)).toEqual(both);
  expect([missesOf(first), missesOf(second)]).toEqual(before);

  await updateMember(owner, { userId: agentId, role: 'customer' });
  await until(staff, { equals: [ownerId] });
  await until(() => staff(second), { equals: [ownerId] });
  await updateMember(owner, { userId: agentId, role: 'agent' });
  await until(staff, { equals: both });
  await removeMember(owner, { userId: agentId });
  await until(staff, { equals: [ownerId] });

  const email = `${crypto.randomUUID()}@example.com`;
  const { id } = await inviteMember(owner, { email, role: 'agent' });
  const { user } = await acceptInvitation(first.context, {
    token: createInvitationToken(first.context, tenantId, id),
    name: 'New member',
    password: 'a long enough password',
  });
  await until(staff, { equals: [ownerId, user.id].toSorted() });
  await until(() => staff(second), { equals: [ownerId, user.id].toSorted() });
});

test('listStaffIds: a rolled-back change does not invalidate the cache', async () => {
  const { owner, tenantId } = await createTestTenant(first.context);
  await listStaffIds(first.context, tenantId);
  const before = missesOf(first);
  const undone = withTenant(owner, async (tenant) => {
    await record(tenant, userEvents.memberRemoved, { userId: userIdOf(owner) });
    throw new Error('rollback');
  });
  await expect(undone).rejects.toThrow('rollback');
  expect(await listStaffIds(first.context, tenantId)).toEqual([userIdOf(owner)]);
  expect(missesOf(first)).toBe(before);
});
