import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { testEnvironment } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { createDatabase, type Database } from './database.ts';

const url = testEnvironment.databaseUrl;
const options = { url, readers: 1, writers: 2, timeoutMs: 5000, slowQueryMs: 1000 };
let database: Database;
const one = newId('org');
const two = newId('org');

beforeAll(async () => {
  database = createDatabase(options);
  for (const tenantId of [one, two]) {
    await database.write({ tenantId }, (tx) =>
      tx.execute(sql`insert into organizations (id, name) values (${toUuid(tenantId)}, 'T')`),
    );
  }
});

afterAll(() => database.close());

const names = sql`select id, name from organizations`;

describe('tenancy', () => {
  test('the role of the services owns nothing and cannot bypass policies', async () => {
    const [role] = await database.read({}, (tx) =>
      tx.execute(sql`select rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,
        (select count(*)::int from pg_class where relowner = r.oid) as owned
        from pg_roles r where rolname = current_user`),
    );
    expect(role).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreatedb: false,
      rolcreaterole: false,
      owned: 0,
    });
  });

  test('writes are refused without a tenant and for another tenant', async () => {
    const insert = sql`insert into email_deliveries (tenant_id, key, recipient)
      values (${toUuid(one)}, 'k', 'r')`;
    for (const scope of [{}, { tenantId: two }]) {
      await expect(database.write(scope, (tx) => tx.execute(insert))).rejects.toMatchObject({
        message: expect.stringContaining('42501'),
      });
    }
    await database.write({ tenantId: one }, (tx) => tx.execute(insert));
    const changed = await database.write({ tenantId: two }, (tx) =>
      tx.execute(sql`update email_deliveries set key = 'stolen' returning key`),
    );
    expect(changed).toHaveLength(0);
  });

  test('concurrent reads of two tenants on one connection see their own rows only', async () => {
    const reads = Array.from({ length: 200 }, (_, i) => (i % 2 ? one : two));
    const seen = await Promise.all(
      reads.map((tenantId) =>
        database.read({ tenantId }, (tx) => tx.execute<{ id: string }>(names)),
      ),
    );
    expect(seen.map((rows) => rows.map(({ id }) => id))).toEqual(
      reads.map((tenantId) => [toUuid(tenantId)]),
    );
  });
});

describe('transactions', () => {
  test('a read sends its queries at once: a later query is refused', async () => {
    const late = database.read({ tenantId: one }, async (tx) => {
      await tx.execute(names);
      return tx.execute(names);
    });
    await expect(late).rejects.toMatchObject({ code: 'LATE_QUERY' });
    await expect(
      database.read({ tenantId: one }, (tx) =>
        tx.execute(sql`update organizations set name = 'x'`),
      ),
    ).rejects.toMatchObject({ message: expect.stringContaining('25006') });
  });

  test('a failed write changes nothing and its connection stays usable', async () => {
    const broken = database.write({ tenantId: one }, async (tx) => {
      await tx.execute(sql`update organizations set name = 'half'`);
      throw new Error('on purpose');
    });
    await expect(broken).rejects.toThrow('on purpose');
    const [row] = await database.read({ tenantId: one }, (tx) => tx.execute(names));
    expect(row?.name).toBe('T');
  });

  test('a statement of a failed write never joins the next write on its connection', async () => {
    const narrow = createDatabase({ ...options, writers: 1 });
    const gate = Promise.withResolvers<void>();
    let late: Promise<unknown> = Promise.resolve();
    const failed = narrow.write({ tenantId: two }, (tx) => {
      late = gate.promise.then(() => tx.execute(names));
      return Promise.reject(new Error('on purpose'));
    });
    await expect(failed).rejects.toThrow('on purpose');
    const rows = await narrow.write({ tenantId: one }, async (tx) => {
      gate.resolve();
      await expect(late).rejects.toMatchObject({ cause: { code: 'LATE_QUERY' } });
      return tx.execute<{ id: string }>(names);
    });
    expect(rows.map(({ id }) => id)).toEqual([toUuid(one)]);
    await narrow.close();
  });

  test('a write that fails before its session is authorized leaves its connection usable', async () => {
    const narrow = createDatabase({ ...options, writers: 1 });
    const ended = { tenantId: one, userId: newId('usr'), sessionId: newId('ses'), role: 'owner' };
    const broken = narrow.write(ended, () => Promise.reject(new Error('on purpose')));
    await expect(broken).rejects.toMatchObject({ code: 'SESSION_ENDED' });
    const rows = await narrow.write({ tenantId: one }, (tx) => tx.execute<{ id: string }>(names));
    expect(rows.map(({ id }) => id)).toEqual([toUuid(one)]);
    await narrow.close();
  });

  test.each([sql`select ${'a\0b'}::text`, sql`select ${JSON.stringify('a\0b')}::jsonb ->> 0`])(
    'a text that PostgreSQL cannot store is a validation error',
    async (query) => {
      const refused = database.read({ tenantId: one }, (tx) => tx.execute(query));
      await expect(refused).rejects.toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    },
  );

  test('a write that ignores a failed statement throws', async () => {
    const swallowed = database.write({ tenantId: one }, async (tx) => {
      await tx.execute(sql`select 1/0`).catch(() => {});
    });
    await expect(swallowed).rejects.toThrow('rolled back');
  });

  test('serialization conflicts are retried', async () => {
    const increment = () =>
      database.write(
        { tenantId: one },
        async (tx) => {
          const [row] = await tx.execute<{ n: number }>(
            sql`select conversation_count as n from organizations`,
          );
          await tx.execute(sql`update organizations set conversation_count = ${(row?.n ?? 0) + 1}`);
        },
        { isolation: 'serializable' },
      );
    await Promise.all([increment(), increment()]);
    const [row] = await database.read({ tenantId: one }, (tx) =>
      tx.execute(sql`select conversation_count as n from organizations`),
    );
    expect(row?.n).toBe(2);
  });

  test('a killed connection: reads are repeated, writes are rolled back and repeated', async () => {
    const admin = postgres(testEnvironment.adminUrl, { max: 1 });
    const own = createDatabase({ ...options, writers: 1 });
    const backend = sql`select pg_backend_pid() as pid`;
    const kill = (pid: unknown) => admin`select pg_terminate_backend(${pid as number})`;
    const [reader] = await own.read({}, (tx) => tx.execute(backend));
    await kill(reader?.pid);
    expect(await own.read({ tenantId: one }, (tx) => tx.execute(names))).toHaveLength(1);

    let tries = 0;
    await own.write({ tenantId: one }, async (tx) => {
      tries++;
      await tx.execute(sql`update organizations set name = ${`try ${tries}`}`);
      if (tries > 1) return;
      const [writer] = await tx.execute(backend);
      await kill(writer?.pid);
      await Bun.sleep(50);
      await tx.execute(sql`insert into users (id, email, name, password_hash)
        values (gen_random_uuid(), ${`lost-${one}@example.com`}, 'n', 'h')`);
    });
    const [row] = await own.read({ tenantId: one }, (tx) => tx.execute(names));
    expect(row?.name).toBe('try 2');
    const lost = await own.read({}, (tx) =>
      tx.execute(sql`select 1 from users where email = ${`lost-${one}@example.com`}`),
    );
    expect(lost).toHaveLength(0);
    await Promise.all([own.close(), admin.end()]);
  });

  test('waits for a connection are counted and time out', async () => {
    const small = createDatabase({ ...options, writers: 1, timeoutMs: 1_000 });
    const write = () => small.write({}, (tx) => tx.execute(sql`select 1`));
    // The server closes idle transactions: this one keeps executing statements.
    const occupy = async () => {
      const started = Promise.withResolvers<void>();
      let isOccupied = true;
      const occupying = small.write({}, async (tx) => {
        for (; isOccupied; started.resolve()) await tx.execute(sql`select pg_sleep(0.01)`);
      });
      await started.promise;
      const release = () => {
        isOccupied = false;
      };
      return { write: occupying, release };
    };
    const first = await occupy();
    await expect(write()).rejects.toMatchObject({ status: 503 });
    first.release();
    await first.write;
    expect(small.getStats(true)).toMatchObject({ waits: 0, transactions: 2 });
    const second = await occupy();
    const waiting = write();
    await Bun.sleep(2);
    expect(small.getStats().oldestWaitMs).toBeGreaterThan(1);
    second.release();
    await Promise.all([second.write, waiting]);
    expect(small.getStats(true)).toMatchObject({ waits: 1, transactions: 2, oldestWaitMs: 0 });
    expect(small.getStats().waits).toBe(0);
    await small.close();
  });
});
