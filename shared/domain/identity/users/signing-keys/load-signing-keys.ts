import type { StoredKey } from '@insightdesk/shared/security';
import { sql } from 'drizzle-orm';
import { ENCRYPTION_PURPOSE, type Encryption, type IdentityDatabase } from './encryption.ts';

/** All signing keys, ordered by when they start to sign. */
export async function loadSigningKeys(
  database: Pick<IdentityDatabase, 'read'>,
  encryption: Encryption,
): Promise<StoredKey[]> {
  const rows = await database.read({}, (tx) =>
    tx.execute<{ id: string; sealed: string | null; isSigning: boolean; hasEnded: boolean }>(sql`
      select id, sealed, signs_from <= now() as "isSigning",
        coalesce(ends_at <= now(), false) as "hasEnded"
      from signing_keys order by signs_from, id`),
  );
  return rows.map(({ sealed, ...row }) => ({
    ...row,
    master: sealed === null ? undefined : encryption.decrypt(ENCRYPTION_PURPOSE, sealed, row.id),
  }));
}
