import { afterAll, describe, expect, test } from 'bun:test';
import type { Id } from '@insightdesk/shared/contract';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { createTestTenant, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  updateMember,
  createInvitationToken,
  inviteMember,
  listInvitations,
  removeMember,
  requestEmailChange,
  resendInvitation,
  revokeInvitation,
  verifyEmail,
} from '../index.ts';
import { address, openTestAccounts, password, refused } from '../test-accounts.ts';

const { context, close, verified, linkOf, invited, accept } = openTestAccounts();
afterAll(close);

describe('an invitation', () => {
  const invalid = refused(422, 'INVITATION_INVALID');

  test('of a removed admin to his second address is void', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { token } = await invited(admin, address(), 'admin');
    await removeMember(owner, { userId: userOf(admin) });
    await expect(accept(token)).rejects.toMatchObject(invalid);
    expect((await listInvitations(owner, {})).items).toEqual([]);
  });

  test('of somebody who may no longer offer so much is void, until he may', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { token } = await invited(admin, address(), 'admin');
    const { token: forCustomer } = await invited(admin, address(), 'customer');
    await updateMember(owner, { userId: userOf(admin), role: 'agent' });
    await expect(accept(token)).rejects.toMatchObject(invalid);
    await accept(forCustomer);
    await updateMember(owner, { userId: userOf(admin), role: 'admin' });
    await accept(token);
  });

  test('cannot be accepted while its maker is removed: one of both comes first', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { token } = await invited(admin, address(), 'admin');
    const [removal, joining] = await Promise.allSettled([
      removeMember(owner, { userId: userOf(admin) }),
      accept(token),
    ]);
    expect(removal.status).toBe('fulfilled');
    if (joining.status === 'rejected') expect(joining.reason).toMatchObject(invalid);
  });

  test('of a disabled organisation is void', async () => {
    const { owner } = await createTestTenant(context);
    const { token } = await invited(owner, address());
    await disableOrganization({ ...owner, actor: { kind: 'system', name: 'test' } });
    await expect(accept(token)).rejects.toMatchObject({ code: 'ORGANIZATION_DISABLED' });
  });

  test('is listed page by page, mailed again, and revoked by those who may offer it', async () => {
    const { owner, member } = await createTestTenant(context);
    const agent = await member('agent');
    const ids: Id<'inv'>[] = [];
    for (const role of ['agent', 'customer', 'customer'] as const) {
      ids.unshift((await invited(owner, address(), role)).id);
    }
    const first = await listInvitations(agent, { limit: 2 });
    const rest = await listInvitations(agent, { limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual(ids);
    expect(first.items[0]).toMatchObject({ invitedBy: { id: userOf(owner), name: 'An owner' } });
    const [customerId, , agentId] = ids as [Id<'inv'>, Id<'inv'>, Id<'inv'>];
    await expect(revokeInvitation(agent, { id: agentId })).rejects.toMatchObject({ status: 403 });
    await expect(resendInvitation(agent, { id: agentId })).rejects.toMatchObject({ status: 403 });
    const { owner: stranger } = await createTestTenant(context);
    for (const attempt of [revokeInvitation, resendInvitation]) {
      await expect(attempt(stranger, { id: customerId })).rejects.toMatchObject({ status: 404 });
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

  test('is answered for by who mailed it last', async () => {
    const { owner, member } = await createTestTenant(context);
    const admin = await member('admin');
    const { id, token } = await invited(admin, address(), 'agent');
    await resendInvitation(owner, { id });
    await removeMember(owner, { userId: userOf(admin) });
    await accept(token);
  });

  test('does not change the role of who is a member by then', async () => {
    const { owner } = await createTestTenant(context);
    const guest = address();
    const { token } = await invited(owner, guest, 'customer');
    const person = await verified();
    await accept((await invited(owner, person.email, 'admin')).token);
    await requestEmailChange(person.ctx, { password, email: guest });
    await verifyEmail(context, { token: (await linkOf('change', guest)).token, password });
    await expect(accept(token)).rejects.toMatchObject({ code: 'ALREADY_MEMBER' });
  });

  test('counts for the day of its organisation, exactly, however many come at once', async () => {
    const { owner } = await createTestTenant(context);
    const few = { ...owner, limits: { ...owner.limits, invitationsPerDay: 4 } };
    const tries = await Promise.allSettled(
      Array.from({ length: 10 }, () => inviteMember(few, { email: address(), role: 'customer' })),
    );
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    const refusal = tries.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(refusal.reason).toMatchObject(refused(429, 'INVITATION_QUOTA'));
    expect((await listInvitations(owner, {})).items).toHaveLength(4);
  });
});
