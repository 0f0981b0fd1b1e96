import { sql } from 'drizzle-orm';
import type { IdentityDatabase } from './encryption.ts';

/** A signing key as operators see it. */
interface SigningKeyState {
  id: string;
  isConfigured: boolean;
  createdAt: Date;
  signsFrom: Date;
  endsAt: Date | null;
}

/** All signing keys, the newest first. */
export async function listSigningKeys(
  identityDatabase: Pick<IdentityDatabase, 'read'>,
): Promise<SigningKeyState[]> {
  const rows = await identityDatabase.read({}, (tx) =>
    tx.execute<{
      id: string;
      isConfigured: boolean;
      created: number;
      start: number;
      end: number;
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
