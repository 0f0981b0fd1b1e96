import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { register } from '@insightdesk/shared/domain/identity/users';
import { createExport } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { createMeter, getUsage } from '@insightdesk/shared/domain/tenancy/usage';
import {
  authenticatedContext,
  createIsolatedTestContext,
  createTestTenant,
  until,
  userIdOf,
  verifyEmail,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { releaseBytes, reserveBytes } from './index.ts';

const { context, admin, close } = await createIsolatedTestContext();
afterAll(close);

const quotas = { ...context.limits.quotas, 'stored-bytes': 5_000 };
const limited: Context = {
  ...context,
  limits: {
    ...context.limits,
    quotas,
    unverifiedQuotas: { ...quotas, 'stored-bytes': 1_000, sockets: 7 },
    registrationsPerDay: 3,
  },
};

const registerFrom = (ip?: string) =>
  register(ip ? { ...limited, ip } : limited, {
    email: `${newId('usr')}@example.com`,
    password: 'a long enough password',
    name: 'An owner',
    organizationName: 'An organization',
  });

async function registerOwner() {
  const { accessToken, organization } = await registerFrom();
  return { owner: await authenticatedContext(limited, accessToken), tenantId: organization.id };
}

const reserve = (owner: Context, bytes: number) => reserveBytes(owner, { id: newId('att'), bytes });
const exceeded = { code: 'QUOTA_EXCEEDED', status: 422 };

test('register: an IPv6 /64 creates a limited number of organizations per day', async () => {
  const addresses = [
    '2001:db8::1',
    '2001:db8::ffff',
    '2001:db8:0:0:1::',
    '2001:db8::2',
    '2001:DB8::3',
  ];
  const outcomes = await Promise.allSettled(addresses.map(registerFrom));
  const rejected = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(rejected.map(({ status, code }) => [status, code])).toEqual([
    [429, 'TOO_MANY_ORGANIZATIONS'],
    [429, 'TOO_MANY_ORGANIZATIONS'],
  ]);
  await registerFrom('2001:db8:0:1::1');
  await registerFrom('192.0.2.1');
});

test('stored-bytes: an unverified organization has a smaller quota until its owner is verified', async () => {
  const { owner } = await registerOwner();
  const limitOf = async () =>
    (await getUsage(owner, {})).quotas.find(({ name }) => name === 'stored-bytes')?.limit;
  await reserve(owner, 900);
  await expect(reserve(owner, 200)).rejects.toMatchObject(exceeded);
  expect(await limitOf()).toBe(1_000);
  await verifyEmail(limited, userIdOf(owner));
  await reserve(owner, 200);
  expect(await limitOf()).toBe(5_000);
});

test('usage meter: reads the quotas of an organization that it does not know without waiting for a flush', async () => {
  const { tenantId } = await registerOwner();
  const meter = createMeter({
    database: context.database,
    defaults: limited.limits.quotas,
    unverified: limited.limits.unverifiedQuotas,
    logBytes: async () => 0,
    openSockets: async () => 0,
    queueUsage: async () => ({ jobs: 0, bytes: 0 }),
    onError: (error) => {
      throw error;
    },
    flushMs: 3_600_000,
  });
  await until(() => meter.limitOf(tenantId, 'sockets'), { equals: 7 });
  await meter.close();
});

test('exports count as stored bytes, and no export starts beyond the quota', async () => {
  const { owner, tenantId } = await createTestTenant(limited);
  const used = async () =>
    (await getUsage(owner, {})).quotas.find(({ name }) => name === 'stored-bytes')?.value;
  const { id } = await createExport(owner, {});
  const ready = (bytes: number) =>
    admin`update tenant_exports set size_bytes = ${bytes}, ready_at = now()
      where tenant_id = ${toUuid(tenantId)} and id = ${toUuid(id)}`;
  await ready(4_000);
  expect(await used()).toBe(4_000);
  await expect(reserve(owner, 2_000)).rejects.toMatchObject(exceeded);
  const reservation = newId('att');
  await reserveBytes(owner, { id: reservation, bytes: 1_000 });
  await expect(createExport(owner, {})).rejects.toMatchObject(exceeded);
  await releaseBytes(owner, reservation);
  await createExport(owner, {});
  await admin`delete from tenant_exports where tenant_id = ${toUuid(tenantId)}`;
  expect(await used()).toBe(0);
});
