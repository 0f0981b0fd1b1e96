import { afterAll, expect, test } from 'bun:test';
import { createCache } from '@insightdesk/shared/cache';
import { getFlag, listFlags, updateFlags } from '@insightdesk/shared/domain/tenancy/flags';
import { createTestContext, createTestTenant, until } from '@insightdesk/shared/testing';
import { createValkey } from '@insightdesk/shared/valkey';

const replicas = [createTestContext(), createTestContext()] as const;
const [{ context }, { context: otherContext }] = replicas;
const closing: (() => void)[] = [];
afterAll(async () => {
  for (const end of closing) end();
  for (const replica of replicas) await replica.close();
});

test('an updated flag is live on another replica and recorded', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const otherReplica = { ...otherContext, tenantId };
  expect(await getFlag(otherReplica, 'email-staff')).toBe(true);
  await updateFlags(owner, { 'email-staff': false });
  await until(async () => !(await getFlag(otherReplica, 'email-staff')));
  await updateFlags(owner, { 'email-staff': null });
  await until(() => getFlag(otherReplica, 'email-staff'));
  const recorded = await context.database.read({ tenantId }, (tx) =>
    tx.execute<{ payload: object }>(
      `select payload from outbox where name = 'flag.updated' order by position`,
    ),
  );
  expect(recorded.map(({ payload }) => payload)).toEqual([
    { name: 'email-staff', value: false, previous: true },
    { name: 'email-staff', value: true, previous: false },
  ]);
});

test('an updated flag is live on a replica without Valkey', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const unreachable = (role: 'command' | 'subscriber') =>
    createValkey('valkey://127.0.0.1:1', { name: 'unreachable', role, onError: () => {} });
  const connections = { valkey: unreachable('command'), subscriber: unreachable('subscriber') };
  closing.push(
    () => connections.valkey.disconnect(),
    () => connections.subscriber.disconnect(),
  );
  const isolated = {
    ...context,
    tenantId,
    cache: createCache({ ...connections, onError: () => {} }),
  };
  expect(await getFlag(isolated, 'email-customers')).toBe(true);
  // Another replica without Valkey updates it.
  const writer = { ...owner, cache: createCache({ ...connections, onError: () => {} }) };
  await updateFlags(writer, { 'email-customers': false });
  await until(async () => !(await getFlag(isolated, 'email-customers')));
});

test('getFlag reads from the database once for many calls', async () => {
  const { tenantId } = await createTestTenant(context);
  const ctx = { ...context, tenantId };
  await getFlag(ctx, 'email-staff');
  const before = context.database.getStats().transactions;
  for (let n = 0; n < 1_000; n++) await getFlag(ctx, 'email-staff');
  expect(context.database.getStats().transactions - before).toBeLessThan(100);
});

test('owners update and staff read the flags of their organization only', async () => {
  const { owner, member } = await createTestTenant(context);
  const other = await createTestTenant(context);
  await updateFlags(owner, { 'email-staff': false });
  const listed = (await listFlags(await member('agent'), {})).flags;
  expect(listed.find(({ name }) => name === 'email-staff')?.value).toBe(false);
  expect((await listFlags(other.owner, {})).flags.every(({ value }) => value === true)).toBe(true);
  await expect(listFlags(await member('customer'), {})).rejects.toMatchObject({ status: 403 });
  await expect(updateFlags(await member('admin'), {})).rejects.toMatchObject({ status: 403 });
  for (const wrong of [{ 'email-staff': 'no' }, { nothing: true }]) {
    await expect(updateFlags(owner, wrong as never)).rejects.toThrow();
  }
});
