import { expect } from 'bun:test';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import type { connect } from '@insightdesk/shared/database';
import { type StoredVariant, storageKey } from '@insightdesk/shared/domain/desk/attachments';
import type { StorageProvider } from '@insightdesk/shared/storage';
import { runDesk } from '../../../services/cli/test-command.ts';
import { until } from '../../../shared/testing/until.ts';

type Sql = ReturnType<typeof connect>;

/** Files of an organization: keys by the rows and in storage, and the usage counters. */
async function inspectStoredFiles(sql: Sql, storage: StorageProvider, organizationId: Id<'org'>) {
  const tenant = toUuid(organizationId);
  const rows =
    await sql`select id, status, variants, app.attachment_bytes(size_bytes, variants)::text as bytes
    from attachments where tenant_id = ${tenant}`;
  const expectedKeys = rows.flatMap(({ id, variants }) =>
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
    expectedKeys: expectedKeys.toSorted(),
    storedKeys: stored.map(({ key }) => key).toSorted(),
    sizeBytes: rows.reduce((sum, { bytes }) => sum + Number(bytes), 0),
    countedBytes: Number(counted?.bytes),
    pending: { reservations: counted?.reserved, uploads: counted?.uploads },
  };
}

/** Expires all pending uploads and reservations of an organization. */
async function expireUploads(sql: Sql, organizationId: Id<'org'>): Promise<void> {
  const tenant = toUuid(organizationId);
  await sql`update uploads set expires_at = now() - interval '1 second' where tenant_id = ${tenant}`;
  await sql`update byte_reservations set expires_at = now() - interval '1 second'
    where tenant_id = ${tenant}`;
}

interface StoredFiles {
  sql: Sql;
  storage: StorageProvider;
  organizationId: Id<'org'>;
  /** Variables of `desk`; by default those of the services. */
  env?: Record<string, string | undefined>;
}

/** Expects that after cleanup the rows, the files and the counters of an organization match. */
export async function expectFilesMatchRows(files: StoredFiles): Promise<void> {
  const { sql, storage, organizationId, env } = files;
  const inspect = () => inspectStoredFiles(sql, storage, organizationId);
  await until(async () => !(await inspect()).statuses.includes('pending'), { timeoutMs: 90_000 });
  await expireUploads(sql, organizationId);
  const flags = ['--organization', organizationId, '--older-than', '0'];
  for (const more of [[], flags]) {
    expect((await runDesk(['files', 'collect', ...more], env)).code).toBe(0);
  }
  const { expectedKeys, storedKeys, sizeBytes, countedBytes, pending, statuses } = await inspect();
  expect(statuses).toEqual(['ready']);
  expect(storedKeys).toEqual(expectedKeys);
  expect(countedBytes).toBe(sizeBytes);
  expect(pending).toEqual({ reservations: 0, uploads: 0 });
  const { code, output } = await runDesk(['files', 'check', '--checksums', ...flags], env);
  expect(output).toContain('without a row: 0 files, 0 bytes');
  expect(code).toBe(0);
}
