import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import {
  type AuditOutlet,
  auditedOrganizations,
  openAuditOutlet,
  pruneAudit,
  verifyAudit,
} from '@insightdesk/shared/domain/tenancy/audit';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openWorker } from './test-webhooks.ts';

let worker: Awaited<ReturnType<typeof openWorker>>;
let context: Context;
let outlet: AuditOutlet;
beforeAll(async () => {
  worker = await openWorker();
  outlet = openAuditOutlet(worker.relayUrl);
  const { settings } = worker.context;
  context = { ...worker.context, settings: { ...settings, auditRetentionDays: 365 } };
});
afterAll(async () => {
  await outlet.close();
  await worker.close();
});

const run = { signal: new AbortController().signal };
const prune = (ctx = context) => pruneAudit(ctx, run);

/** A log with so many entries of each age in days, in this order. */
async function openLog(...ages: [count: number, days: number][]): Promise<Id<'org'>> {
  const tenantId = newId('org');
  for (const [count, days] of ages) {
    const at = (n: number) => new Date(Date.now() - days * 86_400_000 + n).toISOString();
    await outlet.take(
      Array.from({ length: count }, (_, n) => ({
        id: newId('evt'),
        tenantId,
        name: 'member.joined',
        requestId: 'r',
        at: at(n),
        details: { n },
      })),
    );
  }
  return tenantId;
}

const entriesOf = (tenantId: Id<'org'>) => worker.admin`
  select sequence::int, action, details, hash from audit_entries
  where tenant_id = ${toUuid(tenantId)} order by sequence`;

async function pruned(...ages: [count: number, days: number][]) {
  const tenantId = await openLog(...ages);
  const before = await entriesOf(tenantId);
  const deleted = await prune();
  await told(tenantId);
  return { tenantId, before, deleted };
}

const told = (tenantId: Id<'org'>) =>
  until(async () => {
    const [row] = await worker.admin`select count(*)::int as n from audit_entries
      where tenant_id = ${toUuid(tenantId)} and action = 'audit.pruned'`;
    return row?.n === 1;
  });

test('old entries go, that they went is told, and the rest is a whole chain', async () => {
  const { tenantId, before, deleted } = await pruned([30, 500], [5, 10]);
  expect(deleted).toBe(30);
  const link = before[29]?.hash;
  const left = await entriesOf(tenantId);
  expect(left.map(({ sequence }) => sequence)).toEqual([31, 32, 33, 34, 35, 36]);
  expect(left[5]).toMatchObject({
    action: 'audit.pruned',
    details: { through: 30, entries: 30, link },
  });
  const verdict = await verifyAudit(context, tenantId);
  expect(verdict).toEqual({ tenantId, entries: 6, sequence: 36, hash: left[5]?.hash, since: 31 });
  expect(await prune()).toBe(0);
  expect(await entriesOf(tenantId)).toHaveLength(6);
  for (const { sequence, hash } of before) {
    const noted = { sequence, hash };
    expect((await verifyAudit(context, tenantId, noted)).fault).toBeUndefined();
  }
  for (const sequence of [30, 33]) {
    const forged = { sequence, hash: 'f'.repeat(64) };
    expect((await verifyAudit(context, tenantId, forged)).fault).toContain('noted entry');
  }
});

test('a log of old entries alone goes on with the word that they went', async () => {
  const { tenantId } = await pruned([3, 500]);
  expect((await entriesOf(tenantId)).map(({ action }) => action)).toEqual(['audit.pruned']);
  expect(await verifyAudit(context, tenantId)).toMatchObject({ entries: 1, since: 4 });
  expect((await verifyAudit(context, tenantId)).fault).toBeUndefined();
});

test('nothing goes without being asked, nor while the oldest entry is not a month older', async () => {
  const tenantId = await openLog([3, 394], [3, 10]);
  expect(await prune(worker.context)).toBe(0);
  expect(await prune()).toBe(0);
  expect(await entriesOf(tenantId)).toHaveLength(6);
  expect(await verifyAudit(context, tenantId)).not.toHaveProperty('since');
});

test('what was cut off between word and deed goes on, and is told once', async () => {
  const tenantId = await openLog([1_500, 500], [2, 10]);
  let looks = 0;
  const signal = {
    throwIfAborted() {
      if (++looks > 2) throw new Error('killed');
    },
  } as AbortSignal;
  await expect(pruneAudit(context, { signal })).rejects.toThrow('killed');
  expect((await verifyAudit(context, tenantId)).fault).toBeUndefined();
  expect((await entriesOf(tenantId)).length).toBeGreaterThan(500);
  expect(await prune()).toBe(500);
  await told(tenantId);
  expect(await verifyAudit(context, tenantId)).toMatchObject({ entries: 3, since: 1_501 });
  expect((await verifyAudit(context, tenantId)).fault).toBeUndefined();
});

test('two at once prune it once', async () => {
  const tenantId = await openLog([20, 500], [2, 10]);
  const counts = await Promise.all([prune(), prune()]);
  expect(counts[0] + counts[1]).toBe(20);
  await until(async () => (await verifyAudit(context, tenantId)).entries > 2);
  expect((await verifyAudit(context, tenantId)).fault).toBeUndefined();
});

const tampering: [what: string, fault: RegExp, tamper: (t: string) => string][] = [
  [
    'removed an entry after the checkpoint',
    /entry 11 was removed/,
    (t) => `delete from audit_entries where tenant_id = '${t}' and sequence = 11`,
  ],
  [
    'changed the checkpoint',
    /entry 11 does not follow/,
    (t) => `update audit_checkpoints set sequence = 10 + 0, hash = 'x' where tenant_id = '${t}'`,
  ],
  [
    'moved the checkpoint on',
    /does not tell that they were pruned/,
    (t) => `update audit_checkpoints set sequence = 12, hash = (select hash from audit_entries
        where tenant_id = '${t}' and sequence = 12) where tenant_id = '${t}';
      delete from audit_entries where tenant_id = '${t}' and sequence <= 12`,
  ],
  [
    'removed the checkpoint',
    /entry 1 was removed/,
    (t) => `delete from audit_checkpoints where tenant_id = '${t}'`,
  ],
];

test.each(tampering)('what the owner of the tables has %s is found', async (_, fault, tamper) => {
  const { tenantId } = await pruned([10, 500], [5, 10]);
  await worker.admin.unsafe(`alter table audit_checkpoints disable trigger keep;
      ${tamper(toUuid(tenantId))};
      alter table audit_checkpoints enable trigger keep`);
  expect((await verifyAudit(context, tenantId)).fault).toMatch(fault);
});

test('a checkpoint that was made up, without a word in the log, is found', async () => {
  const tenantId = await openLog([5, 500], [5, 10]);
  await worker.admin.unsafe(`insert into audit_checkpoints select tenant_id, sequence, hash, now()
      from audit_entries where tenant_id = '${toUuid(tenantId)}' and sequence = 5;
    delete from audit_entries where tenant_id = '${toUuid(tenantId)}' and sequence <= 5`);
  expect((await verifyAudit(context, tenantId)).fault).toContain('does not tell');
});

test('the relay deletes nothing before it marked it, and marks nothing that is young or not there', async () => {
  const tenantId = await openLog([5, 500], [5, 10]);
  const id = toUuid(tenantId);
  const asRelay = (query: string) => context.database.write('system', (tx) => tx.execute(query));
  const remove = `delete from audit_entries where tenant_id = '${id}'`;
  expect((await asRelay(remove)).count).toBe(0);
  const mark = (sequence: number, hash: string, before = `now() - interval '100 days'`) =>
    asRelay(`insert into audit_checkpoints values ('${id}', ${sequence}, ${hash}, ${before})`);
  const hashOf = (sequence: number) =>
    `(select hash from audit_entries where tenant_id = '${id}' and sequence = ${sequence})`;
  for (const [sequence, hash, before] of [
    [7, hashOf(7), undefined],
    [7, hashOf(7), 'now()'],
    [5, hashOf(4), undefined],
    [50, `'${'0'.repeat(64)}'`, undefined],
  ] as const) {
    await expect(mark(sequence, hash, before)).rejects.toThrow('42501');
  }
  await mark(3, hashOf(3));
  expect((await asRelay(remove)).count).toBe(3);
  for (const query of [
    `update audit_checkpoints set sequence = 2 where tenant_id = '${id}'`,
    `update audit_checkpoints set sequence = 8 where tenant_id = '${id}'`,
    `update audit_checkpoints set tenant_id = '${toUuid(newId('org'))}' where tenant_id = '${id}'`,
  ]) {
    await expect(asRelay(query)).rejects.toThrow('42501');
  }
  expect((await asRelay('delete from audit_checkpoints')).count).toBe(0);
});

test('the services may only look at checkpoints', async () => {
  const { tenantId } = await pruned([2, 500], [2, 10]);
  const asApp = (query: string) => context.database.write({ tenantId }, (tx) => tx.execute(query));
  expect(await asApp('select * from audit_checkpoints')).toHaveLength(1);
  for (const query of [
    `insert into audit_checkpoints values ('${toUuid(tenantId)}', 1, 'x', now())`,
    'update audit_checkpoints set sequence = 3',
    'delete from audit_checkpoints',
  ]) {
    await expect(asApp(query)).rejects.toThrow('42501');
  }
});

test('what was done outside organisations is verified with all the others', async () => {
  const nobody = 'org_00000000000000000000000000';
  await outlet.take([
    {
      id: newId('evt'),
      tenantId: nobody,
      name: 'account.email-changed',
      requestId: 'r',
      at: new Date().toISOString(),
      details: {},
    },
  ]);
  const first = await auditedOrganizations(context).next();
  expect(first.value).toBe(nobody);
});
