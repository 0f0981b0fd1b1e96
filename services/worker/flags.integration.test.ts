import { afterAll, expect, test } from 'bun:test';
import { createCache } from '@insightdesk/shared/cache';
import { systemContext } from '@insightdesk/shared/context';
import { notificationJobs, notifyRecipients } from '@insightdesk/shared/domain/desk/notifications';
import {
  changeFlags,
  listFlags,
  readFlag,
  setFlags,
} from '@insightdesk/shared/domain/tenancy/flags';
import type { JobRequest, JobRun } from '@insightdesk/shared/jobs';
import { createTestContext, createTestTenant, until, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createValkey } from '@insightdesk/shared/valkey';

const replicas = [createTestContext(), createTestContext()] as const;
const [{ context }, { context: elsewhere }] = replicas;
const closing: (() => void)[] = [];
afterAll(async () => {
  for (const end of closing) end();
  for (const replica of replicas) await replica.close();
});

test('a change is live on another replica, and told', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const there = { ...elsewhere, tenantId };
  expect(await readFlag(there, 'email-staff')).toBe(true);
  await changeFlags(owner, { 'email-staff': false });
  await until(async () => !(await readFlag(there, 'email-staff')));
  await changeFlags(owner, { 'email-staff': null });
  await until(() => readFlag(there, 'email-staff'));
  const told = await context.database.read({ tenantId }, (tx) =>
    tx.execute<{ payload: object }>(
      `select payload from outbox where name = 'flag.changed' order by position`,
    ),
  );
  expect(told.map(({ payload }) => payload)).toEqual([
    { name: 'email-staff', value: false, previous: true },
    { name: 'email-staff', value: true, previous: false },
  ]);
});

test('also on one that cannot reach Valkey', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const nowhere = (role: 'command' | 'subscriber') =>
    createValkey('valkey://127.0.0.1:1', { name: 'nowhere', role, onError: () => {} });
  const connections = { valkey: nowhere('command'), subscriber: nowhere('subscriber') };
  closing.push(
    () => connections.valkey.disconnect(),
    () => connections.subscriber.disconnect(),
  );
  const alone = { ...context, tenantId, cache: createCache({ ...connections, onError: () => {} }) };
  expect(await readFlag(alone, 'email-customers')).toBe(true);
  // Another one, also without Valkey, changes it.
  const writer = { ...owner, cache: createCache({ ...connections, onError: () => {} }) };
  await changeFlags(writer, { 'email-customers': false });
  await until(async () => !(await readFlag(alone, 'email-customers')));
});

test('reading asks the database for the first of many only', async () => {
  const { tenantId } = await createTestTenant(context);
  const ctx = { ...context, tenantId };
  await readFlag(ctx, 'email-staff');
  const before = context.database.getStats().transactions;
  for (let n = 0; n < 1_000; n++) await readFlag(ctx, 'email-staff');
  expect(context.database.getStats().transactions - before).toBeLessThan(100);
});

test('owners change them, staff reads them, each organisation its own', async () => {
  const { owner, member } = await createTestTenant(context);
  const stranger = await createTestTenant(context);
  await changeFlags(owner, { 'email-staff': false });
  const shown = (await listFlags(await member('agent'), {})).flags;
  expect(shown.find(({ name }) => name === 'email-staff')?.value).toBe(false);
  expect((await listFlags(stranger.owner, {})).flags.every(({ value }) => value === true)).toBe(
    true,
  );
  await expect(listFlags(await member('customer'), {})).rejects.toMatchObject({ status: 403 });
  await expect(changeFlags(await member('admin'), {})).rejects.toMatchObject({ status: 403 });
  for (const wrong of [{ 'email-staff': 'no' }, { nothing: true }]) {
    await expect(changeFlags(owner, wrong as never)).rejects.toThrow();
  }
});

test('whoever switched e-mails off gets none', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const customerId = newId('usr');
  const requestsFor = async (authorId: ReturnType<typeof userOf>) => {
    const asked: JobRequest[] = [];
    const run = {
      id: newId('evt'),
      tenantId,
      requestId: 'r',
      enqueue: async (requests: JobRequest[]) => void asked.push(...requests),
    } as unknown as JobRun;
    const notice = { messageId: newId('msg'), conversationId: newId('cnv'), authorId, customerId };
    const payload = notificationJobs.notifyOfMessage.payload.parse({
      ...notice,
      assigneeId: userOf(owner),
    });
    await notifyRecipients(systemContext(context, 'worker', run as never), payload, run);
    return asked.length;
  };
  expect(await requestsFor(userOf(owner))).toBe(1);
  expect(await requestsFor(customerId)).toBe(1);
  await setFlags(owner, { 'email-staff': false, 'email-customers': false });
  await until(async () => (await requestsFor(userOf(owner))) === 0);
  expect(await requestsFor(customerId)).toBe(0);
});
