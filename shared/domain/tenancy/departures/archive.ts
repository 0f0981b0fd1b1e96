import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { type SQL, sql } from 'drizzle-orm';
import { exportFolder } from './export-folder.ts';
import { tarEnd, tarFile, tarHeader } from './tar.ts';
import { type TenantTable, tenantTables } from './tenant-tables.ts';
import { withoutSecrets } from './without-secrets.ts';

type Looks = Pick<Context, 'database' | 'storage'>;

const PAGE = 200;
/** Queues of the system itself: what they carry stands in other tables, or was told long ago. */
const passing = new Set(['outbox', 'job_steps', 'exports', 'kept_answers']);

/**
 * All that an organisation has, as a gzipped tar: a page of rows after the other as JSON lines,
 * `tables/<name>/<n>.ndjson`, the people, the files in storage, and a manifest at the end. Never
 * more than a page or a piece of a file is in memory. What is written meanwhile may be in or not.
 */
export function archiveOf(looks: Looks, tenantId: Id<'org'>): AsyncIterable<Uint8Array> {
  const zip = createGzip();
  // Its failure is thrown by whoever reads on.
  pipeline(Readable.from(entriesOf(looks, tenantId)), zip, () => {});
  return zip;
}

async function* entriesOf(looks: Looks, tenantId: Id<'org'>): AsyncGenerator<Uint8Array> {
  const manifest = {
    organizationId: tenantId,
    startedAt: new Date().toISOString(),
    finishedAt: '',
    tables: {} as Record<string, number>,
    files: 0,
  };
  const count = (name: string, rows: number) => {
    manifest.tables[name] = (manifest.tables[name] ?? 0) + rows;
  };
  const tables = (await tenantTables(looks, tenantId)).filter(
    ({ name, mayRead }) => mayRead && !passing.has(name),
  );
  for (const { name, pages } of [
    { name: 'organizations', pages: ownRow(looks, tenantId) },
    { name: 'users', pages: people(looks, tenantId) },
    ...tables.map((table) => ({ name: table.name, pages: rowsOf(looks, tenantId, table) })),
  ]) {
    count(name, 0);
    let page = 0;
    for await (const rows of pages) {
      const lines = rows.map((row) => `${JSON.stringify(withoutSecrets(row))}\n`).join('');
      yield* tarFile(`tables/${name}/${String(++page).padStart(6, '0')}.ndjson`, lines);
      count(name, rows.length);
    }
  }
  for await (const { key, sizeBytes } of looks.storage.list(`${tenantId}/`)) {
    if (key.startsWith(exportFolder(tenantId))) continue;
    manifest.files++;
    yield tarHeader(`files/${key.slice(tenantId.length + 1)}`, sizeBytes);
    yield* await looks.storage.download(key);
    yield new Uint8Array(-sizeBytes & 511);
  }
  manifest.finishedAt = new Date().toISOString();
  yield* tarFile('manifest.json', JSON.stringify(manifest, undefined, 2));
  yield tarEnd;
}

type Rows = Record<string, unknown>[];

/** Its rows in the order of its key, page by page. */
async function* rowsOf(looks: Looks, tenantId: Id<'org'>, { name, keys }: TenantTable) {
  const columns = sql.join(
    keys.map((key) => sql.identifier(key.name)),
    sql`, `,
  );
  for (let last: Record<string, unknown> | undefined; ; ) {
    const row = JSON.stringify(last ?? {});
    const place = keys.map((key) => sql`(${row}::jsonb ->> ${key.name})::${sql.raw(key.type)}`);
    const after = last ? sql`and (${columns}) > (${sql.join(place, sql`, `)})` : sql``;
    const rows = await page(
      looks,
      tenantId,
      sql`
      select to_jsonb(t) as row from ${sql.identifier(name)} t
      where tenant_id = ${toUuid(tenantId)}::uuid ${after} order by ${columns} limit ${PAGE}`,
    );
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    last = rows.at(-1);
  }
}

async function* ownRow(looks: Looks, tenantId: Id<'org'>) {
  yield await page(
    looks,
    tenantId,
    sql`select to_jsonb(o) as row from organizations o
    where id = ${toUuid(tenantId)}::uuid`,
  );
}

/** Whoever was ever a member, with name and address. */
async function* people(looks: Looks, tenantId: Id<'org'>) {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await page(
      looks,
      tenantId,
      sql`
      select jsonb_build_object('id', u.id, 'email', u.email, 'name', u.name,
        'created_at', u.created_at) as row
      from members m join users u on u.id = m.user_id
      where m.tenant_id = ${toUuid(tenantId)}::uuid and m.user_id > ${after}::uuid
      order by m.user_id limit ${PAGE}`,
    );
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = String(rows.at(-1)?.id);
  }
}

async function page({ database }: Looks, tenantId: Id<'org'>, query: SQL): Promise<Rows> {
  const rows = await database.read({ tenantId }, (tx) => tx.execute<{ row: Rows[number] }>(query));
  return rows.map(({ row }) => row);
}
