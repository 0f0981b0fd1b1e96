import { randomBytes } from 'node:crypto';
import type { KeyRing } from '@insightdesk/shared/security';
import { sql } from 'drizzle-orm';
import { ENCRYPTION_PURPOSE, type Encryption, type IdentityDatabase } from './load-signing-keys.ts';

/** All processes have loaded the new key by then; see `watchKeys`. */
const ACTIVATION_DELAY_SECONDS = 3;
/** Tokens signed just before the rotation keep their whole lifetime. */
const GRACE_SECONDS = 3_600;

/**
 * Creates a key that signs after three seconds. Older keys, including the configured one, verify until
 * everything that they signed has expired. Keys that ended a day ago are deleted. Returns the key's id.
 */
export async function rotateSigningKeys(
  {
    identityDatabase,
    encryption,
    keys,
  }: {
    identityDatabase: Pick<IdentityDatabase, 'write'>;
    encryption: Encryption;
    keys: Pick<KeyRing, 'accessKeyId' | 'configured' | 'configuredAccess'>;
  },
  { maxTtlSeconds }: { maxTtlSeconds: number },
): Promise<string> {
  const master = randomBytes(32).toString('base64url');
  const id = keys.accessKeyId(master);
  const sealed = encryption.encrypt(ENCRYPTION_PURPOSE, master, id);
  const configuredIds = [keys.configured.id, keys.configuredAccess?.id ?? keys.configured.id];
  await identityDatabase.write({}, async (tx) => {
    await tx.execute(sql`lock table signing_keys in share row exclusive mode`);
    await tx.execute(sql`
      insert into signing_keys (id, signs_from)
      select distinct id, 'epoch'::timestamptz from unnest(${sql.param(configuredIds)}::text[]) id
      on conflict (id) do nothing`);
    await tx.execute(sql`
      update signing_keys set ends_at = now()
        + ${ACTIVATION_DELAY_SECONDS + maxTtlSeconds + GRACE_SECONDS} * interval '1 second'
      where ends_at is null`);
    await tx.execute(sql`
      insert into signing_keys (id, sealed, signs_from)
      values (${id}, ${sealed}, now() + ${ACTIVATION_DELAY_SECONDS} * interval '1 second')`);
    await tx.execute(sql`
      delete from signing_keys
      where sealed is not null and ends_at < now() - interval '1 day'`);
  });
  return id;
}

/** Encrypts outdated signing keys with the current encryption key; returns their number. */
export function reencryptSigningKeys({
  identityDatabase,
  encryption,
}: {
  identityDatabase: Pick<IdentityDatabase, 'write'>;
  encryption: Encryption;
}): Promise<number> {
  return identityDatabase.write({}, async (tx) => {
    const rows = await tx.execute<{ id: string; sealed: string }>(
      sql`select id, sealed from signing_keys where sealed is not null for update`,
    );
    const outdated = rows.filter(({ sealed }) => !encryption.isCurrent(sealed));
    for (const { id, sealed } of outdated) {
      const current = encryption.encrypt(
        ENCRYPTION_PURPOSE,
        encryption.decrypt(ENCRYPTION_PURPOSE, sealed, id),
        id,
      );
      await tx.execute(sql`update signing_keys set sealed = ${current} where id = ${id}`);
    }
    return outdated.length;
  });
}
