import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import {
  disableOrganization,
  enableOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import {
  createTestContext,
  createTestTenant,
  signedIn,
  userOf,
  verifyAddress,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  acceptInvitation,
  updateMember,
  createInvitationToken,
  inviteMember,
  listLiveSessions,
  login,
  logout,
  getMe,
  refreshTokens,
  register,
  requireLiveSession,
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

async function openOrganization() {
  const email = `${newId('usr')}@example.com`;
  const person = { email, password, name: 'Olivia Owner', organizationName: 'Somewhere' };
  const founded = await register(context, person);
  await verifyAddress(context, founded.user.id);
  return { ...founded, email, owner: await signedIn(context, founded.accessToken) };
}

test('every action of its members is refused, until it is enabled: the same session goes on', async () => {
  const { owner, member } = await createTestTenant(context);
  const customer = await member('customer');
  expect(await disableOrganization(system(owner))).toBe(true);
  const attempts = [
    () => getMe(owner, {}),
    () => getMe(customer, {}),
    () => updateMember(owner, { userId: userOf(customer), role: 'agent' }),
    () => logout(customer, {}),
    () => requireLiveSession(owner),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(disabled);
  expect(await enableOrganization(system(owner))).toBe(true);
  expect(await getMe(customer, {})).toMatchObject({ role: 'customer' });
});

test('a session that has ended is told so first', async () => {
  const { owner, member } = await createTestTenant(context);
  const agent = await member('agent');
  await logout(agent, {});
  await disableOrganization(system(owner));
  await expect(getMe(agent, {})).rejects.toMatchObject({ status: 401, code: 'SESSION_ENDED' });
});

test('nobody signs in, refreshes or joins', async () => {
  const { owner, email, refreshToken, organization } = await openOrganization();
  const invitation = await inviteMember(owner, { email: `${newId('usr')}@example.com`, role: 'agent' });
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

test('a person of two organisations comes into the other one', async () => {
  const { owner, email, organization } = await openOrganization();
  const other = await createTestTenant(context);
  const invitation = await inviteMember(other.owner, { email, role: 'agent' });
  const token = createInvitationToken(context, other.tenantId, invitation.id);
  await acceptInvitation(context, { token, name: 'Olivia Owner', password });
  expect(await login(context, { email, password })).toMatchObject({ organization });
  await disableOrganization(system(owner));
  const there = await login(context, { email, password });
  expect(there.organization.id).toBe(other.tenantId);
  const here = login(context, { email, password, organizationId: organization.id });
  await expect(here).rejects.toMatchObject(disabled);
});

test('its live sessions have no role, those of others keep theirs', async () => {
  const [one, two] = [await createTestTenant(context), await createTestTenant(context)];
  await disableOrganization(system(one.owner));
  for (const [tenant, role] of [
    [one, 'none'],
    [two, 'owner'],
  ] as const) {
    const { actor } = tenant.owner;
    if (actor.kind !== 'user') throw new Error('Nobody is signed in');
    const live = await listLiveSessions(context, tenant.tenantId, [actor.sessionId]);
    expect([...live]).toEqual([[actor.sessionId, role]]);
  }
});

test('it is told once; only the system may do it, and only to what there is', async () => {
  const { owner } = await createTestTenant(context);
  await expect((async () => disableOrganization(owner))()).rejects.toMatchObject({ status: 403 });
  expect(await enableOrganization(system(owner))).toBe(false);
  expect(await disableOrganization(system(owner))).toBe(true);
  expect(await disableOrganization(system(owner))).toBe(false);
  const nowhere = { ...system(owner), tenantId: newId('org') };
  await expect(disableOrganization(nowhere)).rejects.toMatchObject({ status: 404 });
});
