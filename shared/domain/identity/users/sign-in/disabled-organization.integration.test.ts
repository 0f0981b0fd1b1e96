import { afterAll, expect, test } from 'bun:test';
import { type Context, requireLiveSession } from '@insightdesk/shared/context';
import {
  disableOrganization,
  enableOrganization,
} from '@insightdesk/shared/domain/tenancy/tenants';
import { createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { getMe, listLiveSessions, login, logout, refreshTokens, updateMember } from '../index.ts';
import { createTestAccounts, newAddress, password } from '../test-accounts.ts';

const { context, close, registerVerifiedUser, createInvitation, accept } = createTestAccounts();
afterAll(close);

const disabled = { status: 403, code: 'ORGANIZATION_DISABLED' };
const system = ({ tenantId }: Context): Context => ({
  ...context,
  tenantId,
  actor: { kind: 'system', name: 'test' },
});

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
  const { ctx: owner, email, refreshToken, organization } = await registerVerifiedUser();
  const { token } = await createInvitation(owner, newAddress());
  await disableOrganization(system(owner));
  const attempts = [
    () => login(context, { email, password }),
    () => login(context, { email, password, organizationId: organization.id }),
    () => refreshTokens(context, { refreshToken }),
    () => accept(token),
  ];
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(disabled);
  const wrong = login(context, { email, password: 'something else' });
  await expect(wrong).rejects.toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' });
  await enableOrganization(system(owner));
  await refreshTokens(context, { refreshToken });
  await accept(token);
});

test('login: the user of a disabled organization enters their other one', async () => {
  const { ctx: owner, email, organization } = await registerVerifiedUser();
  const other = await createTestTenant(context);
  await accept((await createInvitation(other.owner, email)).token);
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
