import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Context } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { type SQL, type SQLChunk, sql } from 'drizzle-orm';
import { listTenantTables, type TenantTable } from './list-tenant-tables.ts';
import { tarEnd, tarFile, tarHeader } from './tar.ts';

/** Storage prefix of an organization's archives. */
export const exportPrefix = (tenantId: string) => `${tenantId}/exports/`;

export const partKey = (tenantId: string, exportId: string, part: number) =>
  `${exportPrefix(tenantId)}${exportId}/${String(part).padStart(6, '0')}`;

type ArchiveSource = Pick<Context, 'database'> & {
  files: Pick<Context['files'], 'storage'>;
};

const PAGE = 200;

/**
 * All data of an organization as a gzipped tar: pages of rows as JSON lines in
 * `tables/<name>/<n>.ndjson`, the users, the stored files, and a manifest at the end. At most one page
 * or one chunk of a file is in memory. Rows written meanwhile may be missing.
 */
export function createArchive(
  source: ArchiveSource,
  tenantId: Id<'org'>,
): AsyncIterable<Uint8Array> {
  const gzip = createGzip();
  // The reader of the stream receives the error.
  pipeline(Readable.from(tarEntries(source, tenantId)), gzip, () => {});
  return gzip;
}

async function* tarEntries(source: ArchiveSource, tenantId: Id<'org'>): AsyncGenerator<Uint8Array> {
  const manifest = {
    organizationId: tenantId,
    startedAt: new Date().toISOString(),
    finishedAt: '',
    tables: {} as Record<string, number>,
    files: 0,
  };
  const tables = (await listTenantTables(source, tenantId)).filter(
    ({ mayRead, exported }) => mayRead && exported.length > 0,
  );
  for (const { name, pages } of [
    { name: 'organizations', pages: organizationRow(source, tenantId) },
    { name: 'users', pages: userRows(source, tenantId) },
    ...tables.map((table) => ({ name: table.name, pages: tableRows(source, tenantId, table) })),
  ]) {
    manifest.tables[name] = 0;
    let page = 0;
    for await (const rows of pages) {
      const lines = rows.map(({ row }) => `${JSON.stringify(row)}\n`).join('');
      yield* tarFile(`tables/${name}/${String(++page).padStart(6, '0')}.ndjson`, lines);
      manifest.tables[name] += rows.length;
    }
  }
  const { storage } = source.files;
  for await (const { key, sizeBytes } of storage.list(`${tenantId}/`)) {
    if (key.startsWith(exportPrefix(tenantId))) continue;
    manifest.files++;
    yield tarHeader(`files/${key.slice(tenantId.length + 1)}`, sizeBytes);
    yield* await storage.download(key);
    yield new Uint8Array(-sizeBytes & 511);
  }
  manifest.finishedAt = new Date().toISOString();
  yield* tarFile('manifest.json', JSON.stringify(manifest, undefined, 2));
  yield tarEnd;
}

interface ExportedRow {
  [column: string]: unknown;
  row: Record<string, unknown>;
}

/** The exported columns of a table, page by page in the order of its primary key. */
async function* tableRows(
  source: ArchiveSource,
  tenantId: Id<'org'>,
  { name, keys, exported }: TenantTable,
) {
  const columns = join(exported.map((column) => sql.identifier(column)));
  const keyColumns = join(keys.map((key) => sql.identifier(key.name)));
  for (let last: unknown; ; ) {
    const json = JSON.stringify(last ?? {});
    const values = join(
      keys.map((key) => sql`(${json}::jsonb ->> ${key.name})::${sql.raw(key.type)}`),
    );
    const after = last ? sql`and (${keyColumns}) > (${values})` : sql``;
    const rows = await read(
      source,
      tenantId,
      sql`
      select (select to_jsonb(e) from (select ${columns}) e) as row,
        (select to_jsonb(k) from (select ${keyColumns}) k) as key
      from ${sql.identifier(name)}
      where tenant_id = ${toUuid(tenantId)}::uuid ${after} order by ${keyColumns} limit ${PAGE}`,
    );
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    last = rows.at(-1)?.key;
  }
}

async function* organizationRow(source: ArchiveSource, tenantId: Id<'org'>) {
  yield await read(
    source,
    tenantId,
    sql`select to_jsonb(o) as row from (
      select id, name, conversation_count, disabled_at, require_two_factor, delete_at,
        deletion_requested_by, created_at
      from organizations where id = ${toUuid(tenantId)}::uuid) o`,
  );
}

/** Present and former members, with name and email address. */
async function* userRows(source: ArchiveSource, tenantId: Id<'org'>) {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await read(
      source,
      tenantId,
      sql`select to_jsonb(u) as row from (
        select u.id, u.email, u.name, u.created_at
        from members m join users u on u.id = m.user_id
        where m.tenant_id = ${toUuid(tenantId)}::uuid and m.user_id > ${after}::uuid
        order by m.user_id limit ${PAGE}) u`,
    );
    if (rows.length > 0) yield rows;
    if (rows.length < PAGE) return;
    after = String(rows.at(-1)?.row.id);
  }
}

const join = (parts: SQLChunk[]) => sql.join(parts, sql`, `);

const read = ({ database }: ArchiveSource, tenantId: Id<'org'>, query: SQL) =>
  database.read({ tenantId }, (tx) => tx.execute<ExportedRow>(query));
