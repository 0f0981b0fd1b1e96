import { afterAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { Channels, type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { members } from '@insightdesk/shared/domain/identity/users';
import { createWebhook } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  deleteDueTenants,
  deleteTenant,
  requestDeletion,
} from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { createArchive, listTenantTables } from '@insightdesk/shared/domain/tenancy/tenant-export';
import {
  createPresenceMembers,
  createPresenceRegistry,
  roomOf,
} from '@insightdesk/shared/realtime';
import { collectBytes } from '@insightdesk/shared/streams';
import { createTestTenant, until, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openTestWorker } from '../testing/test-worker.ts';

const worker = await openTestWorker();
afterAll(worker.close);

const signal = new AbortController().signal;

/** An organization with data in the database, in storage and in Valkey. */
async function createFullTenant() {
  const { context } = worker;
  const tenant = await createTestTenant(context);
  const { tenantId, owner } = tenant;
  const customer = await tenant.member('customer');
  const { id } = await createConversation(customer, { subject: 'Hello', body: 'First' });
  await sendMessage(owner, { id, body: 'Second' });
  await createWebhook(owner, { url: 'http://127.0.0.1:9/', events: ['organization.enabled'] });
  const key = `${tenantId}/attachments/${newId('att')}/original`;
  const bytes = Buffer.from(`file of ${tenantId}`);
  await context.files.storage.upload(key, bytes, { contentType: 'text/plain' });
  await context.cache.forTenant(tenantId).set('x', 1, { ttlSeconds: 600, tags: ['t'] });
  await worker.waitForRelay();
  return { ...tenant, customer };
}

/** The rows that mention an organization, as text, by table. */
async function findRows(tenantId: Id<'org'>) {
  const tables = await worker.admin<{ name: string }[]>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname`;
  const found: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await worker.admin<{ row: string }[]>`
      select t::text as row from ${worker.admin(name)} t
      where t::text like ${`%${toUuid(tenantId)}%`} or t::text like ${`%${tenantId}%`} order by 1`;
    if (rows.length > 0) found[name] = rows.map(({ row }) => row);
  }
  return found;
}

/** Inserts a row into every tenant table that has none of the organization. */
async function fillEmptyTables(tenantId: Id<'org'>) {
  const tables = await worker.admin<{ name: string; columns: string[]; values: string[] }[]>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns,
      array_agg(case when a.attname = 'tenant_id' then ${`'${toUuid(tenantId)}'`}
        when a.atttypid = 'uuid'::regtype then 'gen_random_uuid()'
        when a.atttypid = 'jsonb'::regtype then '''[]'''
        when t.typcategory = 'A' then '''{}'''
        when t.typcategory = 'D' then 'now()'
        when t.typcategory = 'B' then 'false'
        when t.typcategory = 'N' then '1'
        else '''x''' end order by a.attnum) as values
    from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
      and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
      and (a.attname = 'tenant_id' or (a.attnotnull and not a.atthasdef))
    group by c.relname having bool_or(a.attname = 'tenant_id')`;
  await worker.admin.begin(async (tx) => {
    // Foreign keys are not checked.
    await tx`set local session_replication_role = replica`;
    for (const { name, columns, values } of tables) {
      await tx.unsafe(`insert into ${name} (${columns.join()}) select ${values.join()}
        where not exists (select from ${name} where tenant_id = '${toUuid(tenantId)}')`);
    }
  });
  return tables.map(({ name }) => name);
}

/** Writes keys of the kinds that services write to Valkey. */
async function writeKeys(tenantId: Id<'org'>) {
  const { valkey } = worker;
  await valkey.set(`limit:organization:${tenantId}`, 1, 'EX', 600);
  await valkey.zadd(`realtime:usage:${tenantId}`, 1, 'a-room');
  await valkey.sadd('{sockets}:replicas', 'websocket-test');
  const options = { historyLength: 100, historySeconds: 60, onError: () => {} };
  const userId = newId('usr');
  const room = roomOf(tenantId, Channels.organizationPresence(tenantId));
  const state = { status: 'online', metadata: null, setAtMs: 0 } as const;
  await createPresenceMembers(valkey, options).set(room, { userId, socketId: 'x' }, state);
  await createPresenceRegistry(valkey, options).connected(tenantId, userId);
  await valkey.hset('{sockets}:of:websocket-test', `org:${tenantId}`, 1);
}

async function listFiles(tenantId: Id<'org'>) {
  const keys = [];
  for await (const { key } of worker.context.files.storage.list(''))
    if (key.includes(tenantId)) keys.push(key);
  return keys;
}

/** The keys in Valkey that contain the organization's id, in the key or in the value. */
async function findKeys(tenantId: Id<'org'>) {
  const { valkey } = worker;
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await valkey.scan(cursor, 'COUNT', 1000);
    cursor = next;
    for (const key of keys) {
      if (key.includes(tenantId) || (await contentOf(key)).includes(tenantId)) found.push(key);
    }
  } while (cursor !== '0');
  return found;
}

/** The value of a key as text; a dump would be compressed. */
async function contentOf(key: string): Promise<string> {
  const { valkey } = worker;
  const read: Record<string, () => Promise<unknown>> = {
    string: () => valkey.get(key),
    list: () => valkey.lrange(key, 0, -1),
    set: () => valkey.smembers(key),
    zset: () => valkey.zrange(key, 0, -1),
    hash: () => valkey.hgetall(key),
    stream: () => valkey.xrange(key, '-', '+'),
    none: async () => null,
  };
  const type = await valkey.type(key);
  const content = await read[type]?.();
  if (content === undefined) throw new Error(`Cannot read a ${type}`);
  return JSON.stringify(content);
}

/** Waits until the data of an organization no longer changes. */
async function waitUntilIdle(tenantId: Id<'org'>) {
  let last = '';
  await until(async () => {
    const text = JSON.stringify([await findRows(tenantId), await findKeys(tenantId)]);
    const isSame = text === last;
    last = text;
    await Bun.sleep(250);
    return isSame;
  });
}

/** Without turns, which a queue resets when it is empty. */
const withoutTurns = (keys: string[]) => new Set(keys.filter((key) => !key.endsWith(':turns')));

const deleteNow = (ctx: Context, tenantId: Id<'org'>) =>
  deleteTenant(ctx, { tenantId, requestedBy: 'desk', signal });

test('deleteTenant deletes all data of an organization and nothing of another one', async () => {
  const [deleted, other] = [await createFullTenant(), await createFullTenant()];
  const [onlyThere, both] = [userIdOf(deleted.customer), userIdOf(deleted.owner)];
  await worker.context.database.write({ tenantId: other.tenantId }, (tx) =>
    tx.insert(members).values({ tenantId: other.tenantId, userId: both, role: 'agent' }),
  );
  const tables = await fillEmptyTables(deleted.tenantId);
  await fillEmptyTables(other.tenantId);
  for (const { tenantId } of [deleted, other]) await writeKeys(tenantId);
  // Counted before, and written after everything is deleted.
  worker.context.limits.meter.count(deleted.tenantId, 'requests');
  await waitUntilIdle(other.tenantId);
  const before = { rows: await findRows(other.tenantId), files: await listFiles(other.tenantId) };
  expect(Object.keys(await findRows(deleted.tenantId))).toEqual(expect.arrayContaining(tables));
  expect(tables.length).toBeGreaterThan(25);
  expect(await findKeys(deleted.tenantId)).toEqual(
    expect.arrayContaining([
      `limit:organization:${deleted.tenantId}`,
      `realtime:usage:${deleted.tenantId}`,
    ]),
  );
  const keysBefore = await findKeys(other.tenantId);

  const counts = await deleteNow(worker.context, deleted.tenantId);
  await worker.flushMeter();

  expect(counts).toMatchObject({
    organizations: 1,
    files: 1,
    users: 1,
    messages: 2,
    'valkey other': 0,
  });
  expect(Object.keys(await findRows(deleted.tenantId))).toEqual(['tenant_deletions']);
  expect(await listFiles(deleted.tenantId)).toEqual([]);
  expect(await findKeys(deleted.tenantId)).toEqual([]);
  const sockets = await worker.valkey.hkeys('{sockets}:of:websocket-test');
  expect(sockets).toContain(`org:${other.tenantId}`);
  expect(sockets).not.toContain(`org:${deleted.tenantId}`);
  expect({ rows: await findRows(other.tenantId), files: await listFiles(other.tenantId) }).toEqual(
    before,
  );
  expect(withoutTurns(await findKeys(other.tenantId))).toEqual(withoutTurns(keysBefore));
  const users = await worker.admin`select id from users
    where id in (${toUuid(onlyThere)}, ${toUuid(both)})`;
  expect(users.map(({ id }) => id)).toEqual([toUuid(both)]);
  const [row] = await worker.admin`select * from tenant_deletions
    where organization_id = ${toUuid(deleted.tenantId)}`;
  expect(row).toMatchObject({
    requested_by: 'desk',
    counts,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(Number(row?.audit_sequence)).toBeGreaterThan(0);
  expect(JSON.stringify(row)).not.toContain('@');
});

test('an interrupted deletion continues with the next run and keeps its record', async () => {
  const { tenantId } = await createFullTenant();
  const { storage } = worker.context.files;
  let deaths = 1;
  const dying: Context = {
    ...worker.context,
    files: {
      ...worker.context.files,
      storage: {
        ...storage,
        list: (prefix) => storage.list(prefix),
        async delete(key) {
          if (deaths-- > 0) throw new Error('killed');
          await storage.delete(key);
        },
      },
    },
  };
  await expect(deleteNow(dying, tenantId)).rejects.toThrow('killed');
  await deleteDueTenants(worker.context, { signal });
  expect(Object.keys(await findRows(tenantId))).toEqual(['tenant_deletions']);
  expect(await listFiles(tenantId)).toEqual([]);
  const [row] = await worker.admin`select finished_at, hash from tenant_deletions
    where organization_id = ${toUuid(tenantId)}`;
  expect(row?.finished_at).toBeInstanceOf(Date);
  const again = await deleteNow(worker.context, tenantId);
  const [after] = await worker.admin`select finished_at, hash from tenant_deletions
    where organization_id = ${toUuid(tenantId)}`;
  expect(after).toEqual(row);
  expect(again).toMatchObject({ organizations: 1 });
});

test('a requested deletion runs once its grace period is over', async () => {
  const { tenantId, owner } = await createFullTenant();
  const wanted = { name: 'A tenant', password: 'a long enough password' };
  await requestDeletion(owner, wanted);
  await deleteDueTenants(worker.context, { signal });
  expect((await findRows(tenantId)).tenant_deletions).toBeUndefined();
  await worker.admin`update organizations set delete_at = now() where id = ${toUuid(tenantId)}`;
  await deleteDueTenants(worker.context, { signal });
  expect(Object.keys(await findRows(tenantId))).toEqual(['tenant_deletions']);
  const [row] = await worker.admin`select requested_by from tenant_deletions
    where organization_id = ${toUuid(tenantId)}`;
  expect(row?.requested_by).toBe(userIdOf(owner));
});

test('the relay can delete audit logs and users only of an organization being deleted', async () => {
  const { tenantId, owner } = await createFullTenant();
  const { database } = worker.context;
  const { count } = await database.write('system', (tx) =>
    tx.execute(`delete from audit_entries where tenant_id not in (
      select tenant_id from audit_checkpoints)`),
  );
  expect(count).toBe(0);
  const heads = await database.write('system', (tx) => tx.execute('delete from audit_chains'));
  expect(heads.count).toBe(0);
  const deletingUser = database.write('system', (tx) =>
    tx.execute(`select app.delete_user('${toUuid(userIdOf(owner))}')`),
  );
  await expect(deletingUser).rejects.toThrow('42501');
  const rewriting = database.write('system', (tx) =>
    tx.execute("update tenant_deletions set counts = '{}' where finished_at is not null"),
  );
  await expect(rewriting).rejects.toThrow('42501');
  for (const statement of [
    'select * from tenant_deletions',
    `select app.delete_user('${toUuid(tenantId)}')`,
  ]) {
    const reading = database.write({ tenantId }, (tx) => tx.execute(statement));
    await expect(reading).rejects.toThrow('42501');
  }
});

test('an archive contains all data of the organization, no secrets, and is readable by tar', async () => {
  const [own, other] = [await createFullTenant(), await createFullTenant()];
  const bytes = await collectBytes(createArchive(worker.context, own.tenantId));
  const folder = `/tmp/${newId('exp')}`;
  await Bun.write(`${folder}/a.tar.gz`, bytes);
  const list = Bun.spawnSync(['tar', 'xzvf', 'a.tar.gz'], { cwd: folder });
  expect(list.exitCode).toBe(0);
  const names = list.stdout.toString().trim().split('\n');
  const text = (await Promise.all(names.map((name) => Bun.file(`${folder}/${name}`).text()))).join(
    '\n',
  );
  Bun.spawnSync(['rm', '-r', folder]);
  const manifest = JSON.parse(text.slice(text.lastIndexOf('\n{\n')));
  expect(manifest).toMatchObject({
    files: 1,
    tables: { messages: 2, members: 2, users: 2, webhooks: 1 },
  });
  expect(text).toContain('"Second"');
  expect(text).toContain(`file of ${own.tenantId}`);
  for (const id of [other.tenantId, toUuid(other.tenantId)]) expect(text).not.toContain(id);
  const [webhook] =
    await worker.admin`select secret from webhooks where tenant_id = ${toUuid(own.tenantId)}`;
  expect(text).not.toContain(webhook?.secret);
  expect(text).not.toContain('argon2id');
});

test('every column of a tenant table is marked as exported or withheld', async () => {
  const tables = await listTenantTables(worker.context, newId('org'));
  expect(tables.length).toBeGreaterThan(25);
  const unmarked = tables.flatMap(({ name, unmarked }) =>
    unmarked.map((column) => `${name}.${column}`),
  );
  expect(unmarked).toEqual([]);
});
