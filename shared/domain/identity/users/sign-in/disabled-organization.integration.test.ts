import { afterAll, expect, test } from 'bun:test';
import { type Context, requireLiveSession } from '@insightdesk/shared/context';
import {
  disableOrganization,
  enableOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import {
  authenticatedContext,
  createTestContext,
  createTestTenant,
  userIdOf,
  verifyEmail,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  acceptInvitation,
  createInvitationToken,
  getMe,
  inviteMember,
  listLiveSessions,
  login,
  logout,
  refreshTokens,
  register,
  updateMember,
} from '../index.ts';

const { context, close } = createTestContext();
afterAll(close);

const password = 'correct horse battery';
const disabled = { status: 403, code: 'ORGANIZATION_DISABLED' };
const system = ({ tenantId }: Context): Context => ({
  ...context,
  tenantId,
  actor: { kind: 'system', name: 'test' },
});

async function registerOwner() {
  const email = `${newId('usr')}@example.com`;
  const input = { email, password, name: 'Olivia Owner', organizationName: 'Acme' };
  const registered = await register(context, input);
  await verifyEmail(context, registered.user.id);
  return {
    ...registered,
    email,
    owner: await authenticatedContext(context, registered.accessToken),
  };
}

test('a disabled organization: its members’ actions are refused until it is enabled again', async () => {
  const { owner, member } = await createTestTenant(context);
  const customer = await member('customer');
  expect(await disableOrganization(system(owner))).toBe(true);
  const attempts = [
    () => getMe(owner, {}),
    () => getMe(customer, {}),
    () => updateMember(owner, { userId: userIdOf(customer), role: 'agent' }),
    () => logout(customer, {}),
    () => requireLiveSession(owner),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(disabled);
  expect(await enableOrganization(system(owner))).toBe(true);
  expect(await getMe(customer, {})).toMatchObject({ role: 'customer' });
});

test('a disabled organization: a revoked session gets SESSION_ENDED', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = await member('agent');
  await logout(agent, {});
  await disableOrganization(system(owner));
  await expect(getMe(agent, {})).rejects.toMatchObject({ status: 401, code: 'SESSION_ENDED' });
});

test('a disabled organization: login, refresh and invitations are refused', async () => {
  const { owner, email, refreshToken, organization } = await registerOwner();
  const invitation = await inviteMember(owner, {
    email: `${newId('usr')}@example.com`,
    role: 'agent',
  });
  await disableOrganization(system(owner));
  const token = createInvitationToken(context, organization.id, invitation.id);
  const attempts = [
    () => login(context, { email, password }),
    () => login(context, { email, password, organizationId: organization.id }),
    () => refreshTokens(context, { refreshToken }),
    () => acceptInvitation(context, { token, name: 'Ada Agent', password }),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(disabled);
  const wrong = login(context, { email, password: 'something else' });
  await expect(wrong).rejects.toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' });
  await enableOrganization(system(owner));
  await refreshTokens(context, { refreshToken });
  await acceptInvitation(context, { token, name: 'Ada Agent', password });
});

test('login: the user of a disabled organization enters their other one', async () => {
  const { owner, email, organization } = await registerOwner();
  const other = await createTestTenant(context);
  const invitation = await inviteMember(other.owner, { email, role: 'agent' });
  const token = createInvitationToken(context, other.tenantId, invitation.id);
  await acceptInvitation(context, { token, name: 'Olivia Owner', password });
  expect(await login(context, { email, password })).toMatchObject({ organization });
  await disableOrganization(system(owner));
  const elsewhere = await login(context, { email, password });
  expect(elsewhere.organization.id).toBe(other.tenantId);
  const here = login(context, { email, password, organizationId: organization.id });
  await expect(here).rejects.toMatchObject(disabled);
});

test('listLiveSessions: sessions of a disabled organization have the version none', async () => {
  const [disabledTenant, otherTenant] = [
    await createTestTenant(context),
    await createTestTenant(context),
  ];
  await disableOrganization(system(disabledTenant.owner));
  for (const [tenant, version] of [
    [disabledTenant, 'none'],
    [otherTenant, 'owner'],
  ] as const) {
    const { actor } = tenant.owner;
    if (actor.kind !== 'user') throw new Error('The actor is not a user');
    const live = await listLiveSessions(context, tenant.tenantId, [actor.sessionId]);
    expect([...live]).toEqual([[actor.sessionId, version]]);
  }
});

test('disableOrganization: only the system can call it; the second call changes nothing', async () => {
  const { owner } = await createTestTenant(context);
  await expect((async () => disableOrganization(owner))()).rejects.toMatchObject({ status: 403 });
  expect(await enableOrganization(system(owner))).toBe(false);
  expect(await disableOrganization(system(owner))).toBe(true);
  expect(await disableOrganization(system(owner))).toBe(false);
  const nowhere = { ...system(owner), tenantId: newId('org') };
  await expect(disableOrganization(nowhere)).rejects.toMatchObject({ status: 404 });
});
