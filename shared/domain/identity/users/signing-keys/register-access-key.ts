import type { KeyRing } from '@insightdesk/shared/security';
import { sql } from 'drizzle-orm';
import type { IdentityDatabase } from './load-signing-keys.ts';

/** The length of an id that is a public key. */
const ACCESS_KEY_ID_LENGTH = 43;

/**
 * Stores the public key of JWT_SECRET, so that services without the secret can verify its tokens. With
 * `replaces`, the keys of former secrets end: a secret that was replaced verifies nothing.
 */
export async function registerAccessKey(
  identityDatabase: Pick<IdentityDatabase, 'write'>,
  { configuredAccess }: Pick<KeyRing, 'configuredAccess'>,
  { replaces }: { replaces: boolean },
): Promise<void> {
  if (!configuredAccess) return;
  const { id } = configuredAccess;
  const isFormer = sql`sealed is null and id <> ${id} and length(id) = ${ACCESS_KEY_ID_LENGTH}`;
  await identityDatabase.write({}, async (tx) => {
    await tx.execute(sql`lock table signing_keys in share row exclusive mode`);
    await tx.execute(sql`
      insert into signing_keys (id, signs_from) values (${id}, 'epoch') on conflict (id) do nothing`);
    if (!replaces) return;
    // Deleted, not ended: when the secret is set again, its key is registered again.
    await tx.execute(sql`delete from signing_keys where ${isFormer}`);
  });
}
