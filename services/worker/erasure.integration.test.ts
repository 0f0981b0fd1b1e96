import { afterAll, beforeAll, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { createConversation, sendMessage } from '@insightdesk/shared/domain/desk/conversations';
import { members } from '@insightdesk/shared/domain/identity/users';
import { addWebhook } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  createArchive,
  eraseDueTenants,
  eraseOrganization,
  requestErasure,
} from '@insightdesk/shared/domain/tenancy/tenant-export';
import { collectBytes } from '@insightdesk/shared/streams';
import { createTestTenant, until, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { openWorker } from './test-webhooks.ts';

let worker: Awaited<ReturnType<typeof openWorker>>;
beforeAll(async () => {
  worker = await openWorker();
});
afterAll(() => worker.close());

const signal = new AbortController().signal;

/** An organisation with something of everything. */
async function openFull() {
  const { context } = worker;
  const tenant = await createTestTenant(context);
  const { tenantId, owner } = tenant;
  const customer = await tenant.member('customer');
  const { id } = await createConversation(customer, { subject: 'Hello', body: 'First' });
  await sendMessage(owner, { id, body: 'Second' });
  await addWebhook(owner, { url: 'http://127.0.0.1:9/', events: ['organization.enabled'] });
  const key = `${tenantId}/attachments/${newId('att')}/original`;
  const bytes = Buffer.from(`file of ${tenantId}`);
  await context.files.storage.upload(key, bytes, { contentType: 'text/plain' });
  await context.cache.forTenant(tenantId).set('x', 1, { ttlSeconds: 600, tags: ['t'] });
  await until(async () => {
    const [row] = await worker.admin`select count(*)::int as waiting from outbox
      where tenant_id = ${toUuid(tenantId)} and relayed_at is null`;
    return row?.waiting === 0;
  });
  return { ...tenant, customer };
}

/** Every table of the database with the rows that speak of an organisation, as text. */
async function rowsAbout(tenantId: Id<'org'>) {
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

/** A row in each of its tables that has none yet, whatever tables there are. */
async function fillRest(tenantId: Id<'org'>) {
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
    // What a row refers to need not be there.
    await tx`set local session_replication_role = replica`;
    for (const { name, columns, values } of tables) {
      await tx.unsafe(`insert into ${name} (${columns.join()}) select ${values.join()}
        where not exists (select from ${name} where tenant_id = '${toUuid(tenantId)}')`);
    }
  });
  return tables.map(({ name }) => name);
}

/** What the services keep in Valkey of an organisation whose people are at work. */
async function leaveTraces(tenantId: Id<'org'>) {
  const { valkey } = worker;
  await valkey.set(`limit:organization:${tenantId}`, 1, 'EX', 600);
  await valkey.zadd(`realtime:bytes:${tenantId}`, 1, 'a-room');
  await valkey.zadd('presence:channels', Date.now() + 600_000, `${tenantId}/a-channel`);
  await valkey.zadd('{sockets}:of:websocket-test', 1, `org:${tenantId}`);
}

async function filesOf(tenantId: Id<'org'>) {
  const keys = [];
  for await (const { key } of worker.context.files.storage.list(''))
    if (key.includes(tenantId)) keys.push(key);
  return keys;
}

/** Keys, members, fields and values of Valkey that bear the organisation's id. */
async function tracesOf(tenantId: Id<'org'>) {
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

/** What a key holds, as text: a dump would be compressed. */
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
  if (content === undefined) throw new Error(`Nobody reads a ${type} here`);
  return JSON.stringify(content);
}

/** Waits until nothing is under way for an organisation any more. */
async function settled(tenantId: Id<'org'>) {
  let last = '';
  await until(async () => {
    const text = JSON.stringify([await rowsAbout(tenantId), await tracesOf(tenantId)]);
    const isSame = text === last;
    last = text;
    await Bun.sleep(250);
    return isSame;
  });
}

/** Without the turns, which a queue forgets when a job comes and no other waits. */
const lasting = (keys: string[]) => new Set(keys.filter((key) => !key.endsWith(':turns')));

const erase = (ctx: Context, tenantId: Id<'org'>) => eraseOrganization(ctx, { tenantId, signal });

test('nothing is left of one that is erased, and the other is what it was', async () => {
  const [gone, other] = [await openFull(), await openFull()];
  const [onlyThere, both] = [userOf(gone.customer), userOf(gone.owner)];
  await worker.context.database.write({ tenantId: other.tenantId }, (tx) =>
    tx.insert(members).values({ tenantId: other.tenantId, userId: both, role: 'agent' }),
  );
  const places = await fillRest(gone.tenantId);
  await fillRest(other.tenantId);
  for (const { tenantId } of [gone, other]) await leaveTraces(tenantId);
  // Counted before, and written after everything is gone.
  worker.context.limits.meter.count(gone.tenantId, 'requests');
  await settled(other.tenantId);
  const before = { rows: await rowsAbout(other.tenantId), files: await filesOf(other.tenantId) };
  expect(Object.keys(await rowsAbout(gone.tenantId))).toEqual(expect.arrayContaining(places));
  expect(places.length).toBeGreaterThan(25);
  expect(await tracesOf(gone.tenantId)).toEqual(
    expect.arrayContaining([
      `limit:organization:${gone.tenantId}`,
      `realtime:bytes:${gone.tenantId}`,
    ]),
  );
  const keysBefore = await tracesOf(other.tenantId);

  const counts = await erase(worker.context, gone.tenantId);
  await worker.flush();

  expect(counts).toMatchObject({ organizations: 1, files: 1, people: 1, messages: 2 });
  expect(Object.keys(await rowsAbout(gone.tenantId))).toEqual(['erasures']);
  expect(await filesOf(gone.tenantId)).toEqual([]);
  expect(await tracesOf(gone.tenantId)).toEqual([]);
  const seats = await worker.valkey.zrange('{sockets}:of:websocket-test', 0, -1);
  expect(seats).toContain(`org:${other.tenantId}`);
  expect(seats).not.toContain(`org:${gone.tenantId}`);
  expect({ rows: await rowsAbout(other.tenantId), files: await filesOf(other.tenantId) }).toEqual(
    before,
  );
  expect(lasting(await tracesOf(other.tenantId))).toEqual(lasting(keysBefore));
  const people = await worker.admin`select id from users
    where id in (${toUuid(onlyThere)}, ${toUuid(both)})`;
  expect(people.map(({ id }) => id)).toEqual([toUuid(both)]);
  const [line] = await worker.admin`select * from erasures
    where organization_id = ${toUuid(gone.tenantId)}`;
  expect(line).toMatchObject({
    requested_by: 'desk',
    counts,
    hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(Number(line?.audit_sequence)).toBeGreaterThan(0);
  expect(JSON.stringify(line)).not.toContain('@');
});

test('killed in the middle it goes on, and the ledger has one line', async () => {
  const { tenantId } = await openFull();
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
  await expect(erase(dying, tenantId)).rejects.toThrow('killed');
  await eraseDueTenants(worker.context, { signal });
  expect(Object.keys(await rowsAbout(tenantId))).toEqual(['erasures']);
  expect(await filesOf(tenantId)).toEqual([]);
  const [line] = await worker.admin`select finished_at, hash from erasures
    where organization_id = ${toUuid(tenantId)}`;
  expect(line?.finished_at).toBeInstanceOf(Date);
  const again = await erase(worker.context, tenantId);
  const [after] = await worker.admin`select finished_at, hash from erasures
    where organization_id = ${toUuid(tenantId)}`;
  expect(after).toEqual(line);
  expect(again).toMatchObject({ organizations: 1 });
});

test('an owner asks for it; before its time nothing happens, then all goes', async () => {
  const { tenantId, owner } = await openFull();
  const wanted = { name: 'A tenant', password: 'a long enough password' };
  await requestErasure(owner, wanted);
  await eraseDueTenants(worker.context, { signal });
  expect((await rowsAbout(tenantId)).erasures).toBeUndefined();
  await worker.admin`update organizations set erase_at = now() where id = ${toUuid(tenantId)}`;
  await eraseDueTenants(worker.context, { signal });
  expect(Object.keys(await rowsAbout(tenantId))).toEqual(['erasures']);
  const [line] = await worker.admin`select requested_by from erasures
    where organization_id = ${toUuid(tenantId)}`;
  expect(line?.requested_by).toBe(userOf(owner));
});

test('the relay removes no audit log but of what is being erased, and no person', async () => {
  const { tenantId, owner } = await openFull();
  const { database } = worker.context;
  const { count } = await database.write('system', (tx) =>
    tx.execute(`delete from audit_entries where tenant_id not in (
      select tenant_id from audit_checkpoints)`),
  );
  expect(count).toBe(0);
  const heads = await database.write('system', (tx) => tx.execute('delete from audit_chains'));
  expect(heads.count).toBe(0);
  const erasing = database.write('system', (tx) =>
    tx.execute(`select app.erase_person('${toUuid(userOf(owner))}')`),
  );
  await expect(erasing).rejects.toThrow('42501');
  const rewriting = database.write('system', (tx) =>
    tx.execute("update erasures set counts = '{}' where finished_at is not null"),
  );
  await expect(rewriting).rejects.toThrow('42501');
  for (const statement of [
    'select * from erasures',
    `select app.erase_person('${toUuid(tenantId)}')`,
  ]) {
    const looking = database.write({ tenantId }, (tx) => tx.execute(statement));
    await expect(looking).rejects.toThrow('42501');
  }
});

test('an archive has all of it, no secret, nothing of others, and tar reads it', async () => {
  const [own, other] = [await openFull(), await openFull()];
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
