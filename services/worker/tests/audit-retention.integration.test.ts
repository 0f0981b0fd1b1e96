import { afterAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import {
  listAuditedOrganizations,
  openAuditSink,
  pruneAudit,
  verifyAllAudits,
  verifyAudit,
} from '@insightdesk/shared/domain/tenancy/audit';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openTestWorker } from '../testing/test-worker.ts';

const worker = await openTestWorker();
const sink = openAuditSink(worker.relayUrl);
const { settings } = worker.context;
const context = { ...worker.context, settings: { ...settings, auditRetentionDays: 365 } };
afterAll(async () => {
  await sink.close();
  await worker.close();
});

const run = { signal: new AbortController().signal };
const prune = (ctx = context) => pruneAudit(ctx, run);

/** A log with this number of entries of each age in days, in this order. */
async function createLog(...ages: [count: number, days: number][]): Promise<Id<'org'>> {
  const tenantId = newId('org');
  for (const [count, days] of ages) {
    const at = (n: number) => new Date(Date.now() - days * 86_400_000 + n).toISOString();
    await sink.write(
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

const listEntries = (tenantId: Id<'org'>) => worker.admin`
  select sequence::int, action, details, hash from audit_entries
  where tenant_id = ${toUuid(tenantId)} order by sequence`;

async function createPrunedLog(...ages: [count: number, days: number][]) {
  const tenantId = await createLog(...ages);
  const before = await listEntries(tenantId);
  const deleted = await prune();
  await waitForPruningEntry(tenantId);
  return { tenantId, before, deleted };
}

const waitForPruningEntry = (tenantId: Id<'org'>) =>
  until(async () => {
    const [row] = await worker.admin`select count(*)::int as n from audit_entries
      where tenant_id = ${toUuid(tenantId)} and action = 'audit.pruned'`;
    return row?.n === 1;
  });

test('pruning deletes old entries, records it, and leaves a valid chain', async () => {
  const { tenantId, before, deleted } = await createPrunedLog([30, 500], [5, 10]);
  expect(deleted).toBe(30);
  const link = before[29]?.hash;
  const remaining = await listEntries(tenantId);
  expect(remaining.map(({ sequence }) => sequence)).toEqual([31, 32, 33, 34, 35, 36]);
  expect(remaining[5]).toMatchObject({
    action: 'audit.pruned',
    details: { through: 30, entries: 30, link },
  });
  const result = await verifyAudit(context, tenantId);
  expect(result).toEqual({
    tenantId,
    entries: 6,
    sequence: 36,
    hash: remaining[5]?.hash,
    since: 31,
  });
  expect(await prune()).toBe(0);
  expect(await listEntries(tenantId)).toHaveLength(6);
  for (const { sequence, hash } of before) {
    const known = { sequence, hash };
    expect((await verifyAudit(context, tenantId, known)).error).toBeUndefined();
  }
  for (const sequence of [30, 33]) {
    const forged = { sequence, hash: 'f'.repeat(64) };
    expect((await verifyAudit(context, tenantId, forged)).error).toContain('known entry');
  }
});

test('a log with only old entries continues with the entry of its pruning', async () => {
  const { tenantId } = await createPrunedLog([3, 500]);
  expect((await listEntries(tenantId)).map(({ action }) => action)).toEqual(['audit.pruned']);
  expect(await verifyAudit(context, tenantId)).toMatchObject({ entries: 1, since: 4 });
  expect((await verifyAudit(context, tenantId)).error).toBeUndefined();
});

test('pruning needs a configured retention and an entry one month older than it', async () => {
  const tenantId = await createLog([3, 394], [3, 10]);
  expect(await prune(worker.context)).toBe(0);
  expect(await prune()).toBe(0);
  expect(await listEntries(tenantId)).toHaveLength(6);
  expect(await verifyAudit(context, tenantId)).not.toHaveProperty('since');
});

test('an interrupted pruning continues and is recorded once', async () => {
  const tenantId = await createLog([1_500, 500], [2, 10]);
  let checks = 0;
  const signal = {
    throwIfAborted() {
      if (++checks > 2) throw new Error('killed');
    },
  } as AbortSignal;
  await expect(pruneAudit(context, { signal })).rejects.toThrow('killed');
  expect((await verifyAudit(context, tenantId)).error).toBeUndefined();
  expect((await listEntries(tenantId)).length).toBeGreaterThan(500);
  expect(await prune()).toBe(500);
  await waitForPruningEntry(tenantId);
  expect(await verifyAudit(context, tenantId)).toMatchObject({ entries: 3, since: 1_501 });
  expect((await verifyAudit(context, tenantId)).error).toBeUndefined();
});

test('two concurrent prunings delete each entry once', async () => {
  const tenantId = await createLog([20, 500], [2, 10]);
  const counts = await Promise.all([prune(), prune()]);
  expect(counts[0] + counts[1]).toBe(20);
  await until(async () => (await verifyAudit(context, tenantId)).entries > 2);
  expect((await verifyAudit(context, tenantId)).error).toBeUndefined();
});

const tampering: [change: string, error: RegExp, tamper: (t: string) => string][] = [
  [
    'a deleted entry after the checkpoint',
    /entry 11 is missing/,
    (t) => `delete from audit_entries where tenant_id = '${t}' and sequence = 11`,
  ],
  [
    'a changed checkpoint',
    /entry 11 does not continue/,
    (t) => `update audit_checkpoints set sequence = 10 + 0, hash = 'x' where tenant_id = '${t}'`,
  ],
  [
    'an advanced checkpoint',
    /missing without a record of pruning/,
    (t) => `update audit_checkpoints set sequence = 12, hash = (select hash from audit_entries
        where tenant_id = '${t}' and sequence = 12) where tenant_id = '${t}';
      delete from audit_entries where tenant_id = '${t}' and sequence <= 12`,
  ],
  [
    'a deleted checkpoint',
    /entry 1 is missing/,
    (t) => `delete from audit_checkpoints where tenant_id = '${t}'`,
  ],
];

test.each(tampering)('verifyAudit finds %s', async (_, error, tamper) => {
  const { tenantId } = await createPrunedLog([10, 500], [5, 10]);
  await worker.admin.unsafe(`alter table audit_checkpoints disable trigger forward_only;
      ${tamper(toUuid(tenantId))};
      alter table audit_checkpoints enable trigger forward_only`);
  expect((await verifyAudit(context, tenantId)).error).toMatch(error);
});

test('verifyAudit finds a checkpoint that the log does not record', async () => {
  const tenantId = await createLog([5, 500], [5, 10]);
  await worker.admin.unsafe(`insert into audit_checkpoints select tenant_id, sequence, hash, now()
      from audit_entries where tenant_id = '${toUuid(tenantId)}' and sequence = 5;
    delete from audit_entries where tenant_id = '${toUuid(tenantId)}' and sequence <= 5`);
  expect((await verifyAudit(context, tenantId)).error).toContain('without a record of pruning');
});

test('the relay deletes entries up to a checkpoint only, and sets checkpoints at old entries only', async () => {
  const tenantId = await createLog([5, 500], [5, 10]);
  const id = toUuid(tenantId);
  const asRelay = (query: string) => context.database.write('system', (tx) => tx.execute(query));
  const deletion = `delete from audit_entries where tenant_id = '${id}'`;
  expect((await asRelay(deletion)).count).toBe(0);
  const setCheckpoint = (sequence: number, hash: string, before = `now() - interval '100 days'`) =>
    asRelay(`insert into audit_checkpoints values ('${id}', ${sequence}, ${hash}, ${before})`);
  const hashOf = (sequence: number) =>
    `(select hash from audit_entries where tenant_id = '${id}' and sequence = ${sequence})`;
  for (const [sequence, hash, before] of [
    [7, hashOf(7), undefined],
    [7, hashOf(7), 'now()'],
    [5, hashOf(4), undefined],
    [50, `'${'0'.repeat(64)}'`, undefined],
  ] as const) {
    await expect(setCheckpoint(sequence, hash, before)).rejects.toThrow('42501');
  }
  await setCheckpoint(3, hashOf(3));
  expect((await asRelay(deletion)).count).toBe(3);
  for (const query of [
    `update audit_checkpoints set sequence = 2 where tenant_id = '${id}'`,
    `update audit_checkpoints set sequence = 8 where tenant_id = '${id}'`,
    `update audit_checkpoints set tenant_id = '${toUuid(newId('org'))}' where tenant_id = '${id}'`,
  ]) {
    await expect(asRelay(query)).rejects.toThrow('42501');
  }
  expect((await asRelay('delete from audit_checkpoints')).count).toBe(0);
});

test('the services can only read checkpoints', async () => {
  const { tenantId } = await createPrunedLog([2, 500], [2, 10]);
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

test('listAuditedOrganizations starts with the system tenant', async () => {
  const systemTenant = 'org_00000000000000000000000000';
  await sink.write([
    {
      id: newId('evt'),
      tenantId: systemTenant,
      name: 'account.email-changed',
      requestId: 'r',
      at: new Date().toISOString(),
      details: {},
    },
  ]);
  const first = await listAuditedOrganizations(context).next();
  expect(first.value).toBe(systemTenant);
});

test('audit.verify counts and logs each broken chain', async () => {
  const [intact, broken] = [await createLog([3, 1]), await createLog([3, 1])];
  const counted: string[] = [];
  const lines: object[] = [];
  const ctx = {
    ...context,
    outcomes: { count: (metric: string, outcome: string) => counted.push(`${metric} ${outcome}`) },
    log: { error: (fields: object) => lines.push(fields) } as unknown as typeof context.log,
  };
  // Other tests of this file break chains too.
  const before = await verifyAllAudits(ctx, run);
  expect(JSON.stringify(lines)).not.toContain(broken);
  await worker.admin`update audit_entries set details = '{"n": 9}'
    where tenant_id = ${toUuid(broken)} and sequence = 2`;
  counted.length = 0;
  expect(await verifyAllAudits(ctx, run)).toBe(before + 1);
  expect(lines).toContainEqual({
    organizationId: broken,
    reason: expect.stringContaining('was changed'),
  });
  expect(JSON.stringify(lines)).not.toContain(intact);
  expect(counted.filter((count) => count.endsWith('broken'))).toHaveLength(before + 1);
  expect(counted).toContain('audit_verifications_total intact');
});
