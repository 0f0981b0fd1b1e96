import type { Connections } from '@insightdesk/shared/context';
import type { StoredKey } from '@insightdesk/shared/security';
import { sql } from 'drizzle-orm';

export type IdentityDatabase = Connections['identityDatabase'];

export type Encryption = Connections['security']['encryption'];

export const ENCRYPTION_PURPOSE = 'signing-key';

/** All signing keys, ordered by when they start to sign; without encryption their public keys only. */
export async function loadSigningKeys(
  database: Pick<IdentityDatabase, 'read'>,
  encryption: Encryption | undefined,
): Promise<StoredKey[]> {
  const rows = await database.read({}, (tx) =>
    tx.execute<{ id: string; sealed: string | null; isSigning: boolean; hasEnded: boolean }>(sql`
      select id, sealed, signs_from <= now() as "isSigning",
        coalesce(ends_at <= now(), false) as "hasEnded"
      from signing_keys order by signs_from, id`),
  );
  return rows.map(({ sealed, ...row }) => ({
    ...row,
    master: sealed === null ? undefined : encryption?.decrypt(ENCRYPTION_PURPOSE, sealed, row.id),
  }));
}

/** All signing keys, the newest first. */
export async function listSigningKeys(identityDatabase: Pick<IdentityDatabase, 'read'>) {
  const rows = await identityDatabase.read({}, (tx) =>
    tx.execute<{
      id: string;
      isConfigured: boolean;
      created: number;
      start: number;
      end: number | null;
    }>(sql`
      select id, sealed is null as "isConfigured", extract(epoch from created_at)::float8 as created,
        extract(epoch from signs_from)::float8 as start, extract(epoch from ends_at)::float8 as end
      from signing_keys order by signs_from desc, id`),
  );
  const toDate = (seconds: number) => new Date(seconds * 1000);
  return rows.map(({ id, isConfigured, created, start, end }) => ({
    id,
    isConfigured,
    createdAt: toDate(created),
    signsFrom: toDate(start),
    endsAt: end === null ? null : toDate(end),
  }));
}
