import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { connect } from '@insightdesk/shared/database';
import { type StoredVariant, storageKey } from '@insightdesk/shared/domain/desk/attachments';
import type { StorageProvider } from '@insightdesk/shared/storage';

type Sql = ReturnType<typeof connect>;

/** What the rows of an organisation name and are counted with, and what is in storage. */
export async function lookAtFiles(sql: Sql, storage: StorageProvider, organizationId: Id<'org'>) {
  const tenant = toUuid(organizationId);
  const rows =
    await sql`select id, status, variants, app.bytes_of(size_bytes, variants)::text as bytes
    from attachments where tenant_id = ${tenant}`;
  const named = rows.flatMap(({ id, variants }) =>
    ['original', ...(variants as StoredVariant[]).map(({ name }) => name)].map((name) =>
      storageKey(organizationId, fromUuid('att', String(id)), name),
    ),
  );
  const stored = await Array.fromAsync(storage.list(`${organizationId}/`));
  const [counted] = await sql`select bytes::text as bytes,
      (select count(*)::int from byte_reservations where tenant_id = ${tenant}) as reserved,
      (select count(*)::int from uploads where tenant_id = ${tenant}) as uploads
    from stored_bytes where tenant_id = ${tenant}`;
  return {
    statuses: [...new Set(rows.map(({ status }) => status))],
    named: named.toSorted(),
    stored: stored.map(({ key }) => key).toSorted(),
    kept: rows.reduce((sum, { bytes }) => sum + Number(bytes), 0),
    used: Number(counted?.bytes),
    open: { reservations: counted?.reserved, uploads: counted?.uploads },
  };
}

/** As if the hour or the day of what an organisation has begun were over. */
export async function runOut(sql: Sql, organizationId: Id<'org'>): Promise<void> {
  const tenant = toUuid(organizationId);
  await sql`update uploads set expires_at = now() - interval '1 second' where tenant_id = ${tenant}`;
  await sql`update byte_reservations set expires_at = now() - interval '1 second'
    where tenant_id = ${tenant}`;
}
