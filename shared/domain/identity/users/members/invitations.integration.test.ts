import { afterAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  createInvitationToken,
  inviteMember,
  listInvitations,
  removeMember,
  requestEmailChange,
  resendInvitation,
  revokeInvitation,
  updateMember,
  verifyEmail,
} from '../index.ts';
import { createTestAccounts, newAddress, password, problem } from '../test-accounts.ts';

const { context, close, registerVerifiedUser, findLink, createInvitation, accept } =
  createTestAccounts();
afterAll(close);

describe('invitations', () => {
  const invalid = problem(422, 'INVITATION_INVALID');

  test('acceptInvitation: an invitation by a removed admin is refused', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { token } = await createInvitation(admin, newAddress(), 'admin');
    await removeMember(owner, { userId: userIdOf(admin) });
    await expect(accept(token)).rejects.toMatchObject(invalid);
    expect((await listInvitations(owner, {})).items).toEqual([]);
  });

  test('acceptInvitation: refused while the inviter cannot assign the role', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { token } = await createInvitation(admin, newAddress(), 'admin');
    const { token: forCustomer } = await createInvitation(admin, newAddress(), 'customer');
    await updateMember(owner, { userId: userIdOf(admin), role: 'agent' });
    await expect(accept(token)).rejects.toMatchObject(invalid);
    await accept(forCustomer);
    await updateMember(owner, { userId: userIdOf(admin), role: 'admin' });
    await accept(token);
  });

  test('acceptInvitation: concurrent with the inviter’s removal, it succeeds or is refused', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { token } = await createInvitation(admin, newAddress(), 'admin');
    const [removal, joining] = await Promise.allSettled([
      removeMember(owner, { userId: userIdOf(admin) }),
      accept(token),
    ]);
    expect(removal.status).toBe('fulfilled');
    if (joining.status === 'rejected') expect(joining.reason).toMatchObject(invalid);
  });

  test('invitations are listed, resent and revoked by members who can assign the role', async () => {
    const { owner, member } = await createTestTenant(context);
    const agent = await member('agent');
    const ids: Id<'inv'>[] = [];
    for (const role of ['agent', 'customer', 'customer'] as const) {
      ids.unshift((await createInvitation(owner, newAddress(), role)).id);
    }
    const first = await listInvitations(agent, { limit: 2 });
    const rest = await listInvitations(agent, { limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids);
    expect(first.items[0]).toMatchObject({ invitedBy: { id: userIdOf(owner), name: 'An owner' } });
    const [customerId, , agentId] = ids as [Id<'inv'>, Id<'inv'>, Id<'inv'>];
    await expect(revokeInvitation(agent, { id: agentId })).rejects.toMatchObject({ status: 403 });
    await expect(resendInvitation(agent, { id: agentId })).rejects.toMatchObject({ status: 403 });
    const { owner: otherOwner } = await createTestTenant(context);
    for (const attempt of [revokeInvitation, resendInvitation]) {
      await expect(attempt(otherOwner, { id: customerId })).rejects.toMatchObject({ status: 404 });
    }
    await resendInvitation(agent, { id: customerId });
    const token = createInvitationToken(context, owner.tenantId ?? newId('org'), customerId);
    await revokeInvitation(agent, { id: customerId });
    await expect(accept(token)).rejects.toMatchObject(invalid);
    for (let sends = 1; sends < 5; sends++) await resendInvitation(owner, { id: agentId });
    await expect(resendInvitation(owner, { id: agentId })).rejects.toMatchObject({
      code: 'INVITATION_SENT_OFTEN',
    });
  });

  test('resendInvitation: makes the caller the inviter', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { id, token } = await createInvitation(admin, newAddress(), 'agent');
    await resendInvitation(owner, { id });
    await removeMember(owner, { userId: userIdOf(admin) });
    await accept(token);
  });

  test('acceptInvitation: does not change the role of an existing member', async () => {
    const { owner } = await createTestTenant(context);
    const guest = newAddress();
    const { token } = await createInvitation(owner, guest, 'customer');
    const person = await registerVerifiedUser();
    await accept((await createInvitation(owner, person.email, 'admin')).token);
    await requestEmailChange(person.ctx, { password, email: guest });
    await verifyEmail(context, { token: (await findLink('change', guest)).token, password });
    await expect(accept(token)).rejects.toMatchObject({ code: 'ALREADY_MEMBER' });
  });

  test('inviteMember: concurrent invitations do not exceed the daily quota', async () => {
    const { owner } = await createTestTenant(context);
    const few = { ...owner, limits: { ...owner.limits, invitationsPerDay: 4 } };
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        inviteMember(few, { email: newAddress(), role: 'customer' }),
      ),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const refusal = tries.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refusal.reason).toMatchObject(problem(429, 'INVITATION_QUOTA'));
    expect((await listInvitations(owner, {})).items).toHaveLength(4);
  });
});
