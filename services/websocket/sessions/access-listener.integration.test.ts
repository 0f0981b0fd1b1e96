import { afterAll, expect, test } from 'bun:test';
import { createListener } from '@insightdesk/shared/database';
import { logout } from '@insightdesk/shared/domain/identity/users';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import {
  createTestContext,
  createTestTenant,
  startDatabaseProxy,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { createAccessListener, type Revocation } from './revocation-watcher.ts';

const { context, close } = createTestContext();
const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of closing.toReversed()) await end();
  await close();
});

/** Listens through a proxy that can be closed. */
async function listen() {
  const proxy = await startDatabaseProxy();
  const revocations: Revocation[] = [];
  let comparisons = 0;
  const watcher = {
    onRevocation: (revocation: Revocation) => void revocations.push(revocation),
    compare: async () => void comparisons++,
  };
  const listener = createListener(proxy.url, createAccessListener(watcher));
  await listener.start();
  closing.push(proxy.close, () => listener.close());
  return { revocations, comparisons: () => comparisons, setOpen: proxy.setOpen };
}

test('createAccessListener: passes the user, or the organization alone, with the next generation', async () => {
  const { revocations } = await listen();
  const { owner, member, tenantId } = await createTestTenant(context);
  const agent = await member('agent');
  const userId = userIdOf(agent);
  const own = () => revocations.filter((revocation) => revocation.tenantId === tenantId);
  await logout(agent, {});
  await until(() => own().length, { equals: 1 });
  const [{ generation } = { generation: 0 }] = own();
  const actor = { kind: 'system', name: 'test' } as const;
  await disableOrganization({ ...owner, actor });
  await until(() => own().length, { equals: 2 });
  expect(own()).toEqual([
    { tenantId, generation, userId },
    { tenantId, generation: generation + 1, userId: undefined },
  ]);
});

test('createAccessListener: after an interrupted LISTEN it compares generations and is notified again', async () => {
  const { revocations, comparisons, setOpen } = await listen();
  const { member } = await createTestTenant(context);
  const agent = await member('agent');
  expect(comparisons()).toBe(1);
  setOpen(false);
  await Bun.sleep(1_500);
  setOpen(true);
  await until(() => comparisons(), { atLeast: 2 });
  await logout(agent, {});
  const userId = userIdOf(agent);
  await until(() => revocations.some((revocation) => revocation.userId === userId));
});
