import { afterAll, describe, expect, test } from 'bun:test';
import { readTenant } from '@insightdesk/shared/context';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { createTestTenant, signedIn } from '@insightdesk/shared/testing';
import {
  createOrganization,
  listOrganizations,
  getMe,
  removeMember,
  switchOrganization,
} from '../index.ts';
import { openTestAccounts, refused } from '../test-accounts.ts';

const { context, close, verified, invited, accept } = openTestAccounts();
afterAll(close);

describe('several organisations', () => {
  test('are listed with the caller’s role, and switched between', async () => {
    const person = await verified();
    const { organization } = await createOrganization(person.ctx, { name: 'The second' });
    const { owner } = await createTestTenant(context);
    await accept((await invited(owner, person.email, 'customer')).token);
    const { items } = await listOrganizations(person.ctx, {});
    expect(items.map(({ role, current }) => [role, current])).toEqual([
      ['owner', true],
      ['owner', false],
      ['customer', false],
    ]);
    const switched = await switchOrganization(person.ctx, { organizationId: organization.id });
    expect(switched).toMatchObject({ organization, user: person.user });
    await expect(getMe(person.ctx, {})).rejects.toMatchObject(refused(401, 'SESSION_ENDED'));
    const there = await signedIn(context, switched.accessToken);
    expect(await getMe(there, {})).toMatchObject({ organization, role: 'owner' });
    const used = switchOrganization(person.ctx, { organizationId: organization.id });
    await expect(used).rejects.toMatchObject({ status: 401 });
  });

  test('of others are no places to switch to, nor those left, nor disabled ones', async () => {
    const person = await verified();
    const { owner, tenantId } = await createTestTenant(context);
    const go = () => switchOrganization(person.ctx, { organizationId: tenantId });
    await expect(go()).rejects.toMatchObject({ status: 404 });
    await accept((await invited(owner, person.email, 'agent')).token);
    await disableOrganization({ ...owner, actor: { kind: 'system', name: 'test' } });
    await expect(go()).rejects.toMatchObject({ code: 'ORGANIZATION_DISABLED' });
    const { items } = await listOrganizations(person.ctx, {});
    expect(items.map(({ disabled }) => disabled)).toEqual([false, true]);
    await getMe(person.ctx, {});
  });

  test('a member that was removed sees and enters it no more', async () => {
    const person = await verified();
    const { owner, tenantId } = await createTestTenant(context);
    await accept((await invited(owner, person.email, 'agent')).token);
    await removeMember(owner, { userId: person.user.id });
    expect((await listOrganizations(person.ctx, {})).items).toHaveLength(1);
    const go = switchOrganization(person.ctx, { organizationId: tenantId });
    await expect(go).rejects.toMatchObject({ status: 404 });
  });

  test('are seen by their members only, whatever is asked', async () => {
    const person = await verified();
    const { tenantId } = await createTestTenant(context);
    const names = await context.database.read({ userId: person.user.id }, (tx) =>
      tx.execute<{ id: string }>('select id from organizations'),
    );
    expect(names).toHaveLength(1);
    const inside = await readTenant(person.ctx, ({ tx }) =>
      tx.execute<{ id: string }>('select id from organizations'),
    );
    expect(inside).toHaveLength(1);
    expect(tenantId).not.toBe(person.organization.id);
  });
});
