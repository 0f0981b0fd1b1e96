import { afterAll, beforeAll, expect, test } from 'bun:test';
import { withTenant } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { conversationEvents } from '@insightdesk/shared/domain/desk/conversations';
import { changeRole, login, logout, removeMember } from '@insightdesk/shared/domain/identity/users';
import { addWebhook, rotateSecret } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  listAuditEntries,
  openAuditOutlet,
  verifyAudit,
} from '@insightdesk/shared/domain/tenancy/audit';
import { record } from '@insightdesk/shared/events';
import { createTestTenant, signedIn, until, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openWorker } from './test-webhooks.ts';

let worker: Awaited<ReturnType<typeof openWorker>>;
beforeAll(async () => {
  worker = await openWorker();
});
afterAll(() => worker.close());

const password = 'a long enough password';
const place = { ip: '203.0.113.9', userAgent: 'Browser/1', requestId: 'req-1' };

/** A tenant in which things were done, once all of it is in the log. */
async function openAudited() {
  const { context } = worker;
  const tenant = await createTestTenant(context);
  const agent = await tenant.member('agent');
  const owner = { ...tenant.owner, ...place };
  await changeRole(owner, { userId: userOf(agent), role: 'admin' });
  await removeMember(owner, { userId: userOf(agent) });
  await logged(tenant.tenantId);
  return { ...tenant, owner, agent };
}

async function logged(tenantId: Id<'org'>) {
  await until(async () => {
    const [row] = await worker.admin`select count(*)::int as waiting from outbox
      where tenant_id = ${toUuid(tenantId)} and relayed_at is null`;
    return row?.waiting === 0;
  });
}

const actions = async (owner: Parameters<typeof listAuditEntries>[0], input = {}) =>
  (await listAuditEntries(owner, input)).items.map(({ action }) => action);

test('what was done is in the log with who and from where, and nothing breaks the chain', async () => {
  const { owner, tenantId, agent } = await openAudited();
  const { items } = await listAuditEntries(owner, {});
  expect(items.map(({ action }) => action)).toEqual([
    'member.removed',
    'member.updated',
    'session.opened',
    'session.opened',
    'account.link-requested',
    'organization.created',
  ]);
  expect(items[0]).toMatchObject({
    sequence: 6,
    actor: { kind: 'user', userId: userOf(owner), role: 'owner' },
    details: { userId: userOf(agent) },
    ip: place.ip,
    userAgent: place.userAgent,
    requestId: place.requestId,
  });
  expect(await verifyAudit(worker.context, tenantId)).toMatchObject({ entries: 6, sequence: 6 });
  expect((await verifyAudit(worker.context, tenantId)).fault).toBeUndefined();
});

test('it is found by action, by actor and by time, page by page', async () => {
  const { owner } = await openAudited();
  expect(await actions(owner, { action: 'member.removed' })).toEqual(['member.removed']);
  expect(await actions(owner, { actorId: newId('usr') })).toEqual([]);
  expect(await actions(owner, { until: '2020-01-01T00:00:00Z' })).toEqual([]);
  expect(await actions(owner, { since: '2020-01-01T00:00:00Z' })).toHaveLength(6);
  const seen: number[] = [];
  for (let cursor: string | undefined, n = 0; n < 6; n++) {
    const one = await listAuditEntries(owner, { limit: 1, cursor });
    seen.push(...one.items.map(({ sequence }) => sequence));
    cursor = one.nextCursor ?? undefined;
  }
  expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
});

test('signing in, failing to and signing out are told; failures once a minute', async () => {
  const { owner, tenantId } = await createTestTenant(worker.context);
  const [person] = await worker.admin`select email from users where id = ${toUuid(userOf(owner))}`;
  const email = person?.email as string;
  const anonymous = { ...worker.context, ...place };
  // One more, and the account would have to wait.
  for (let n = 0; n < 4; n++) {
    const wrong = login(anonymous, { email, password: 'wrong password' });
    await expect(wrong).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
  }
  const { accessToken } = await login(anonymous, { email, password });
  await logout(await signedIn(worker.context, accessToken), {});
  await until(async () => (await actions(owner, { action: 'sign-in.failed' })).length > 0);
  await until(async () => (await actions(owner, { action: 'session.revoked' })).length > 0);
  const failed = await listAuditEntries(owner, { action: 'sign-in.failed' });
  expect(failed.items.length).toBeLessThanOrEqual(2);
  expect(failed.items[0]).toMatchObject({
    actor: { kind: 'anonymous' },
    details: { userId: userOf(owner) },
    ip: place.ip,
  });
  const opened = await listAuditEntries(owner, { action: 'session.opened' });
  expect(opened.items[0]).toMatchObject({ actor: { userId: userOf(owner) }, ip: place.ip });
  expect((await verifyAudit(worker.context, tenantId)).fault).toBeUndefined();
});

test('no secret of a webhook is in the log', async () => {
  const { owner, tenantId } = await createTestTenant(worker.context);
  const made = await addWebhook(owner, { url: 'http://127.0.0.1:9/', events: ['*'] });
  const { secret } = await rotateSecret(owner, { id: made.id });
  await logged(tenantId);
  expect((await actions(owner)).slice(0, 2)).toEqual(['webhook.secret-replaced', 'webhook.added']);
  const text = JSON.stringify(await listAuditEntries(owner, {}));
  expect(text).not.toContain(secret);
  expect(text).not.toContain(made.secret);
});

test('the same events again, also from two relays at once, are one entry each and no fork', async () => {
  const { tenantId } = await createTestTenant(worker.context);
  await logged(tenantId);
  const events = Array.from({ length: 20 }, (_, n) => ({
    id: newId('evt'),
    tenantId,
    name: 'member.joined',
    requestId: 'r',
    at: new Date().toISOString(),
    details: { n },
  }));
  const outlets = [openAuditOutlet(worker.relayUrl), openAuditOutlet(worker.relayUrl)];
  await Promise.all(
    [0, 5, 10].flatMap((from) => outlets.map((outlet) => outlet.take(events.slice(from)))),
  );
  for (const outlet of outlets) await outlet.close();
  const verdict = await verifyAudit(worker.context, tenantId);
  expect(verdict.fault).toBeUndefined();
  expect(verdict.entries).toBe(23);
});

test('nobody but managers reads it, and only that of the own organisation', async () => {
  const { owner, member } = await openAudited();
  for (const role of ['agent', 'customer'] as const) {
    const reading = listAuditEntries(await member(role), {});
    await expect(reading).rejects.toMatchObject({ status: 403 });
  }
  const stranger = await openAudited();
  const theirs = (await listAuditEntries(stranger.owner, {})).items.map(({ id }) => id);
  const ours = (await listAuditEntries(owner, {})).items.map(({ id }) => id);
  expect(ours.filter((id) => theirs.includes(id))).toEqual([]);
});

const attempts: [what: string, statement: string][] = [
  ['add', 'insert into audit_entries select * from audit_entries limit 1'],
  ['change', "update audit_entries set action = 'x'"],
  ['remove', 'delete from audit_entries'],
  ['empty', 'truncate audit_entries'],
  ['move the head', 'update audit_chains set sequence = 1'],
  ['remove the head', 'delete from audit_chains'],
];

test.each(attempts)('the role of the services may not %s', async (_, statement) => {
  const { tenantId } = await openAudited();
  const doing = worker.context.database.write({ tenantId }, (tx) => tx.execute(statement));
  await expect(doing).rejects.toThrow('42501');
});

test.each(attempts.filter(([what]) => what === 'change' || what === 'empty'))(
  'nor may the relay %s',
  async (_, statement) => {
    const doing = worker.context.database.write('system', (tx) => tx.execute(statement));
    await expect(doing).rejects.toThrow('42501');
  },
);

const tampering: [what: string, fault: RegExp, tamper: (tenant: string) => string][] = [
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
    'removed',
    /entry 2 was removed/,
    (t) => `delete from audit_entries where tenant_id = '${t}' and sequence = 2`,
  ],
  [
    'put elsewhere',
    /entry 2 was changed|does not follow/,
    (t) => `
    update audit_entries set sequence = 100 where tenant_id = '${t}' and sequence = 2;
    update audit_entries set sequence = 2 where tenant_id = '${t}' and sequence = 3;
    update audit_entries set sequence = 3 where tenant_id = '${t}' and sequence = 100`,
  ],
  [
    'cut off the end',
    /entries up to 6 were there, 5 are left/,
    (t) => `delete from audit_entries where tenant_id = '${t}' and sequence = 6`,
  ],
  [
    'cut off with its head',
    /lacks member.removed/,
    (t) => `
    delete from audit_entries where tenant_id = '${t}' and sequence = 6;
    update audit_chains set sequence = 5, hash = (select hash from audit_entries where tenant_id = '${t}' and sequence = 5) where tenant_id = '${t}'`,
  ],
  [
    'all removed with the head',
    /lacks organization.created/,
    (t) => `
    delete from audit_entries where tenant_id = '${t}'; delete from audit_chains where tenant_id = '${t}'`,
  ],
];

test.each(tampering)('what the owner of the tables has %s is found', async (_, fault, tamper) => {
  const { tenantId } = await openAudited();
  await worker.admin.unsafe(tamper(toUuid(tenantId)));
  const verdict = await verifyAudit(worker.context, tenantId);
  expect(verdict.fault).toMatch(fault);
});

test('a head that was noted outside finds a log that was written anew', async () => {
  const { tenantId, owner } = await openAudited();
  const noted = await verifyAudit(worker.context, tenantId);
  await worker.admin.unsafe(`
    delete from audit_entries where tenant_id = '${toUuid(tenantId)}';
    delete from audit_chains where tenant_id = '${toUuid(tenantId)}';
    delete from outbox where tenant_id = '${toUuid(tenantId)}'`);
  expect((await verifyAudit(worker.context, tenantId)).fault).toBeUndefined();
  await rotateSecret(owner, {
    id: (await addWebhook(owner, { url: 'http://127.0.0.1:9/', events: ['*'] })).id,
  });
  await logged(tenantId);
  expect((await verifyAudit(worker.context, tenantId)).fault).toBeUndefined();
  expect((await verifyAudit(worker.context, tenantId, noted)).fault).toContain('noted entry 6');
});

test('what an operator does in somebody’s name is told, also what is not audited otherwise', async () => {
  const { owner, tenantId } = await createTestTenant(worker.context);
  if (owner.actor.kind !== 'user') throw new Error('Nobody is signed in');
  const operator = { ...owner, actor: { ...owner.actor, operator: 'desk' } };
  const at = new Date().toISOString();
  const conversation = {
    id: newId('cnv'),
    number: 1,
    subject: 'A secret subject',
    status: 'open',
    priority: 'normal',
    assigneeId: null,
    customerId: userOf(owner),
    tags: [],
    snoozedUntil: null,
    messageCount: 1,
    lastMessageAt: at,
    createdAt: at,
    version: 1,
  } as const;
  for (const who of [owner, operator]) {
    await withTenant(who, (tenant) =>
      record(tenant, conversationEvents.conversationCreated, {
        conversation: { ...conversation, tags: [] },
        replyCount: 1,
      }),
    );
  }
  await logged(tenantId);
  const { items } = await listAuditEntries(owner, { action: 'conversation.created' });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    actor: { userId: userOf(owner), operator: 'desk' },
    details: { conversation: { id: conversation.id, customerId: userOf(owner) } },
  });
});
