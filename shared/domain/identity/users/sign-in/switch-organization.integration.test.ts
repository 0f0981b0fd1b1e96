import { afterAll, describe, expect, test } from 'bun:test';
import { readTenant } from '@insightdesk/shared/context';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { authenticatedContext, createTestTenant } from '@insightdesk/shared/testing';
import {
  createOrganization,
  getMe,
  listOrganizations,
  removeMember,
  switchOrganization,
} from '../index.ts';
import { createTestAccounts, problem } from '../test-accounts.ts';

const { context, close, registerVerifiedUser, createInvitation, accept } = createTestAccounts();
afterAll(close);

describe('organizations of a user', () => {
  test('switchOrganization: creates a session in another organization of the user', async () => {
    const user = await registerVerifiedUser();
    const { organization } = await createOrganization(user.ctx, { name: 'The second' });
    const { owner } = await createTestTenant(context);
    await accept((await createInvitation(owner, user.email, 'customer')).token);
    const { items } = await listOrganizations(user.ctx, {});
    expect(items.map(({ role, current }) => [role, current])).toEqual([
      ['owner', true],
      ['owner', false],
      ['customer', false],
    ]);
    const switched = await switchOrganization(user.ctx, { organizationId: organization.id });
    expect(switched).toMatchObject({ organization, user: user.user });
    await expect(getMe(user.ctx, {})).rejects.toMatchObject(problem(401, 'SESSION_ENDED'));
    const switchedContext = await authenticatedContext(context, switched.accessToken);
    expect(await getMe(switchedContext, {})).toMatchObject({ organization, role: 'owner' });
    const repeated = switchOrganization(user.ctx, { organizationId: organization.id });
    await expect(repeated).rejects.toMatchObject({ status: 401 });
  });

  test('switchOrganization: other users’ and disabled organizations are refused', async () => {
    const user = await registerVerifiedUser();
    const { owner, tenantId } = await createTestTenant(context);
    const attempt = () => switchOrganization(user.ctx, { organizationId: tenantId });
    await expect(attempt()).rejects.toMatchObject({ status: 404 });
    await accept((await createInvitation(owner, user.email, 'agent')).token);
    await disableOrganization({ ...owner, actor: { kind: 'system', name: 'test' } });
    await expect(attempt()).rejects.toMatchObject({ code: 'ORGANIZATION_DISABLED' });
    const { items } = await listOrganizations(user.ctx, {});
    expect(items.map(({ disabled }) => disabled)).toEqual([false, true]);
    await getMe(user.ctx, {});
  });

  test('switchOrganization: a removed member cannot list or enter the organization', async () => {
    const user = await registerVerifiedUser();
    const { owner, tenantId } = await createTestTenant(context);
    await accept((await createInvitation(owner, user.email, 'agent')).token);
    await removeMember(owner, { userId: user.user.id });
    expect((await listOrganizations(user.ctx, {})).items).toHaveLength(1);
    const attempt = switchOrganization(user.ctx, { organizationId: tenantId });
    await expect(attempt).rejects.toMatchObject({ status: 404 });
  });

  test('organizations: row-level security shows a user only their own', async () => {
    const user = await registerVerifiedUser();
    const { tenantId } = await createTestTenant(context);
    const names = await context.database.read({ userId: user.user.id }, (tx) =>
      tx.execute<{ id: string }>('select id from organizations'),
    );
    expect(names).toHaveLength(1);
    const inside = await readTenant(user.ctx, ({ tx }) =>
      tx.execute<{ id: string }>('select id from organizations'),
    );
    expect(inside).toHaveLength(1);
    expect(tenantId).not.toBe(user.organization.id);
  });
});
