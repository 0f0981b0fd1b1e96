import { sql } from 'drizzle-orm';
import type { IdentityDatabase } from './encryption.ts';

/** A key as operators see it. */
export interface SigningKeyState {
  id: string;
  isConfigured: boolean;
  createdAt: Date;
  signsFrom: Date;
  endsAt: Date | null;
}

/** The keys as they stand, the newest first. */
export async function listSigningKeys(identity: Pick<IdentityDatabase, 'read'>): Promise<SigningKeyState[]> {
  const rows = await identity.read({}, (tx) =>
    tx.execute<{ id: string; isConfigured: boolean; made: number; from: number; end: number }>(sql`
      select id, sealed is null as "isConfigured", extract(epoch from created_at)::float8 as made,
        extract(epoch from signs_from)::float8 as from, extract(epoch from ends_at)::float8 as end
      from signing_keys order by signs_from desc, id`),
  );
  const at = (seconds: number) => new Date(seconds * 1000);
  return rows.map(({ id, isConfigured, made, from, end }) => ({
    id,
    isConfigured,
    createdAt: at(made),
    signsFrom: at(from),
    endsAt: end === null ? null : at(end),
  }));
}
