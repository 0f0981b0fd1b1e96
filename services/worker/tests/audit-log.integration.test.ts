import { afterAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { toUuid } from '@insightdesk/shared/contract';
import { conversationEvents } from '@insightdesk/shared/domain/desk/conversations';
import {
  login,
  logout,
  removeMember,
  updateMember,
} from '@insightdesk/shared/domain/identity/users';
import { createWebhook, rotateSecret } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  listAuditEntries,
  openAuditSink,
  verifyAudit,
} from '@insightdesk/shared/domain/tenancy/audit';
import { record } from '@insightdesk/shared/events';
import {
  authenticatedContext,
  createTestTenant,
  until,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openTestWorker } from '../testing/test-worker.ts';

const worker = await openTestWorker();
afterAll(worker.close);

const password = 'a long enough password';
const origin = { ip: '203.0.113.9', userAgent: 'Browser/1', requestId: 'req-1' };

/** A tenant with six entries in its audit log. */
async function createAuditedTenant() {
  const { context } = worker;
  const tenant = await createTestTenant(context);
  const agent = await tenant.member('agent');
  const owner = { ...tenant.owner, ...origin };
  await updateMember(owner, { userId: userIdOf(agent), role: 'admin' });
  await removeMember(owner, { userId: userIdOf(agent) });
  await worker.waitForRelay();
  return { ...tenant, owner, agent };
}

const listActions = async (owner: Parameters<typeof listAuditEntries>[0], input = {}) =>
  (await listAuditEntries(owner, input)).items.map(({ action }) => action);

test('the audit log has an entry with actor and origin for each action, in a valid chain', async () => {
  const { owner, tenantId, agent } = await createAuditedTenant();
  const { items } = await listAuditEntries(owner, {});
  expect(items.map(({ action }) => action)).toEqual([
    'member.removed',
    'member.updated',
    'session.created',
    'session.created',
    'account.link-requested',
    'organization.created',
  ]);
  expect(items[0]).toMatchObject({
    sequence: 6,
    actor: { kind: 'user', userId: userIdOf(owner), role: 'owner' },
    details: { userId: userIdOf(agent) },
    ip: origin.ip,
    userAgent: origin.userAgent,
    requestId: origin.requestId,
  });
  expect(await verifyAudit(worker.context, tenantId)).toMatchObject({ entries: 6, sequence: 6 });
  expect((await verifyAudit(worker.context, tenantId)).error).toBeUndefined();
});

test('entries are filtered by action, actor and time, and paginated', async () => {
  const { owner } = await createAuditedTenant();
  expect(await listActions(owner, { action: 'member.removed' })).toEqual(['member.removed']);
  expect(await listActions(owner, { actorId: newId('usr') })).toEqual([]);
  expect(await listActions(owner, { until: '2020-01-01T00:00:00Z' })).toEqual([]);
  expect(await listActions(owner, { since: '2020-01-01T00:00:00Z' })).toHaveLength(6);
  const seen: number[] = [];
  for (let cursor: string | undefined, n = 0; n < 6; n++) {
    const page = await listAuditEntries(owner, { limit: 1, cursor });
    seen.push(...page.items.map(({ sequence }) => sequence));
    cursor = page.nextCursor ?? undefined;
  }
  expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
});

test('login, failed login and logout are audited, failures once a minute', async () => {
  const { owner, tenantId } = await createTestTenant(worker.context);
  const [person] =
    await worker.admin`select email from users where id = ${toUuid(userIdOf(owner))}`;
  const email = person?.email as string;
  const anonymous = { ...worker.context, ...origin };
  // One more failure would throttle the account.
  for (let n = 0; n < 4; n++) {
    const wrong = login(anonymous, { email, password: 'wrong password' });
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
  }
  const { accessToken } = await login(anonymous, { email, password });
  await logout(await authenticatedContext(worker.context, accessToken), {});
  await until(async () => (await listActions(owner, { action: 'sign-in.failed' })).length, {
    atLeast: 1,
  });
  await until(async () => (await listActions(owner, { action: 'session.revoked' })).length, {
    atLeast: 1,
  });
  const failed = await listAuditEntries(owner, { action: 'sign-in.failed' });
  expect(failed.items.length).toBeLessThanOrEqual(2);
  expect(failed.items[0]).toMatchObject({
    actor: { kind: 'anonymous' },
    details: { userId: userIdOf(owner) },
    ip: origin.ip,
  });
  const opened = await listAuditEntries(owner, { action: 'session.created' });
  expect(opened.items[0]).toMatchObject({ actor: { userId: userIdOf(owner) }, ip: origin.ip });
  expect((await verifyAudit(worker.context, tenantId)).error).toBeUndefined();
});

test('webhook secrets are not in the audit log', async () => {
  const { owner } = await createTestTenant(worker.context);
  const created = await createWebhook(owner, { url: 'http://127.0.0.1:9/', events: ['*'] });
  const { secret } = await rotateSecret(owner, { id: created.id });
  await worker.waitForRelay();
  expect((await listActions(owner)).slice(0, 2)).toEqual([
    'webhook.secret-rotated',
    'webhook.created',
  ]);
  const text = JSON.stringify(await listAuditEntries(owner, {}));
  expect(text).not.toContain(secret);
  expect(text).not.toContain(created.secret);
});

test('events written twice by two concurrent relays are one entry each in one chain', async () => {
  const { tenantId } = await createTestTenant(worker.context);
  await worker.waitForRelay();
  const events = Array.from({ length: 20 }, (_, n) => ({
    id: newId('evt'),
    tenantId,
    name: 'member.joined',
    requestId: 'r',
    at: new Date().toISOString(),
    details: { n },
  }));
  const sinks = [openAuditSink(worker.relayUrl), openAuditSink(worker.relayUrl)];
  await Promise.all(
    [0, 5, 10].flatMap((from) => sinks.map((sink) => sink.write(events.slice(from)))),
  );
  for (const sink of sinks) await sink.close();
  const result = await verifyAudit(worker.context, tenantId);
  expect(result.error).toBeUndefined();
  expect(result.entries).toBe(23);
});

test('only managers read the audit log, of their own organization only', async () => {
  const { owner, member } = await createAuditedTenant();
  for (const role of ['agent', 'customer'] as const) {
    const reading = listAuditEntries(await member(role), {});
    await expect(reading).rejects.toMatchObject({ status: 403 });
  }
  const other = await createAuditedTenant();
  const theirs = (await listAuditEntries(other.owner, {})).items.map(({ id }) => id);
  const ours = (await listAuditEntries(owner, {})).items.map(({ id }) => id);
  expect(ours.filter((id) => theirs.includes(id))).toEqual([]);
});

const attempts: [action: string, statement: string][] = [
  ['insert', 'insert into audit_entries select * from audit_entries limit 1'],
  ['change', "update audit_entries set action = 'x'"],
  ['delete', 'delete from audit_entries'],
  ['truncate', 'truncate audit_entries'],
  ['move the head', 'update audit_chains set sequence = 1'],
  ['delete the head', 'delete from audit_chains'],
];

test.each(attempts)('the role of the services cannot %s entries', async (_, statement) => {
  const { tenantId } = await createAuditedTenant();
  const running = worker.context.database.write({ tenantId }, (tx) => tx.execute(statement));
  await expect(running).rejects.toThrow('42501');
});

test.each(attempts.filter(([action]) => action === 'change' || action === 'truncate'))(
  'the relay cannot %s entries',
  async (_, statement) => {
    const running = worker.context.database.write('system', (tx) => tx.execute(statement));
    await expect(running).rejects.toThrow('42501');
  },
);

const tampering: [change: string, error: RegExp, tamper: (tenant: string) => string][] = [
  [
    'changed',
    /entry 3 was changed/,
    (t) => `update audit_entries set details = '{}' where tenant_id = '${t}' and sequence = 3`,
  ],
  [
    'given another actor',
    /entry 5 was changed/,
    (t) => `update audit_entries set actor_id = 'x' where tenant_id = '${t}' and sequence = 5`,
  ],
  [
    'deleted',
    /entry 2 is missing/,
    (t) => `delete from audit_entries where tenant_id = '${t}' and sequence = 2`,
  ],
  [
    'moved',
    /entry 2 was changed|does not continue/,
    (t) => `
    update audit_entries set sequence = 100 where tenant_id = '${t}' and sequence = 2;
    update audit_entries set sequence = 2 where tenant_id = '${t}' and sequence = 3;
    update audit_entries set sequence = 3 where tenant_id = '${t}' and sequence = 100`,
  ],
  [
    'truncated',
    /entries after 5 are missing, up to 6/,
    (t) => `delete from audit_entries where tenant_id = '${t}' and sequence = 6`,
  ],
  [
    'truncated with its head',
    /relayed event member.removed .* is missing/,
    (t) => `
    delete from audit_entries where tenant_id = '${t}' and sequence = 6;
    update audit_chains set sequence = 5, hash = (select hash from audit_entries where tenant_id = '${t}' and sequence = 5) where tenant_id = '${t}'`,
  ],
  [
    'deleted with its head',
    /relayed event organization.created .* is missing/,
    (t) => `
    delete from audit_entries where tenant_id = '${t}'; delete from audit_chains where tenant_id = '${t}'`,
  ],
];

test.each(tampering)('verifyAudit finds entries that were %s', async (_, error, tamper) => {
  const { tenantId } = await createAuditedTenant();
  await worker.admin.unsafe(tamper(toUuid(tenantId)));
  const result = await verifyAudit(worker.context, tenantId);
  expect(result.error).toMatch(error);
});

test('verifyAudit finds a rewritten log by a known head', async () => {
  const { tenantId, owner } = await createAuditedTenant();
  const known = await verifyAudit(worker.context, tenantId);
  await worker.admin.unsafe(`
    delete from audit_entries where tenant_id = '${toUuid(tenantId)}';
    delete from audit_chains where tenant_id = '${toUuid(tenantId)}';
    delete from outbox where tenant_id = '${toUuid(tenantId)}'`);
  expect((await verifyAudit(worker.context, tenantId)).error).toBeUndefined();
  await rotateSecret(owner, {
    id: (await createWebhook(owner, { url: 'http://127.0.0.1:9/', events: ['*'] })).id,
  });
  await worker.waitForRelay();
  expect((await verifyAudit(worker.context, tenantId)).error).toBeUndefined();
  expect((await verifyAudit(worker.context, tenantId, known)).error).toContain('known entry 6');
});

test('actions of an operator who impersonates a user are audited, including unaudited events', async () => {
  const { owner } = await createTestTenant(worker.context);
  if (owner.actor.kind !== 'user') throw new Error('The owner is not a user');
  const operator = { ...owner, actor: { ...owner.actor, operator: 'desk' } };
  const at = new Date().toISOString();
  const conversation = {
    id: newId('cnv'),
    number: 1,
    subject: 'A secret subject',
    status: 'open',
    priority: 'normal',
    assigneeId: null,
    customerId: userIdOf(owner),
    tags: [],
    snoozedUntil: null,
    messageCount: 1,
    lastMessageAt: at,
    createdAt: at,
    version: 1,
  } as const;
  for (const ctx of [owner, operator]) {
    await withTenant(ctx, (tenant) =>
      record(tenant, conversationEvents.conversationCreated, {
        conversation: { ...conversation, tags: [] },
        replyCount: 1,
      }),
    );
  }
  await worker.waitForRelay();
  const { items } = await listAuditEntries(owner, { action: 'conversation.created' });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    actor: { userId: userIdOf(owner), operator: 'desk' },
    details: { conversation: { id: conversation.id, customerId: userIdOf(owner) } },
  });
});
