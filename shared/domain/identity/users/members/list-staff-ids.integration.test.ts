import { afterAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { record } from '@insightdesk/shared/events';
import { createTestContext, createTestTenant, until, userOf } from '@insightdesk/shared/testing';
import {
  acceptInvitation,
  updateMember,
  createInvitationToken,
  inviteMember,
  listStaffIds,
  removeMember,
  userEvents,
} from '../index.ts';

const here = createTestContext();
const there = createTestContext();
afterAll(() => Promise.all([here.close(), there.close()]));

const missesOf = ({ context }: typeof here) => context.cache.getStats().misses;

test('staff is remembered, and changes are seen here and elsewhere', async () => {
  const { owner, tenantId, member } = await createTestTenant(here.context);
  const [ownerId, agentId] = [userOf(owner), userOf(await member('agent'))];
  await member('customer');
  const staff = async (side = here) => (await listStaffIds(side.context, tenantId)).toSorted();
  const both = [ownerId, agentId].toSorted();
  expect(await staff()).toEqual(both);
  expect(await staff(there)).toEqual(both);
  const before = [missesOf(here), missesOf(there)];
  for (const side of [here, there, here, there]) expect(await staff(side)).toEqual(both);
  expect([missesOf(here), missesOf(there)]).toEqual(before);

  await updateMember(owner, { userId: agentId, role: 'customer' });
  await until(staff, { equals: [ownerId] });
  await until(() => staff(there), { equals: [ownerId] });
  await updateMember(owner, { userId: agentId, role: 'agent' });
  await until(staff, { equals: both });
  await removeMember(owner, { userId: agentId });
  await until(staff, { equals: [ownerId] });

  const email = `${crypto.randomUUID()}@example.com`;
  const { id } = await inviteMember(owner, { email, role: 'agent' });
  const { user } = await acceptInvitation(here.context, {
    token: createInvitationToken(here.context, tenantId, id),
    name: 'Somebody new',
    password: 'a long enough password',
  });
  await until(staff, { equals: [ownerId, user.id].toSorted() });
  await until(() => staff(there), { equals: [ownerId, user.id].toSorted() });
});

test('a rollback makes nobody forget', async () => {
  const { owner, tenantId } = await createTestTenant(here.context);
  await listStaffIds(here.context, tenantId);
  const before = missesOf(here);
  const undone = withTenant(owner, async (tenant) => {
    await record(tenant, userEvents.memberRemoved, { userId: userOf(owner) });
    throw new Error('changed my mind');
  });
  await expect(undone).rejects.toThrow('changed my mind');
  expect(await listStaffIds(here.context, tenantId)).toEqual([userOf(owner)]);
  expect(missesOf(here)).toBe(before);
});
