import { randomBytes } from 'node:crypto';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';
import { type IdentityDatabase, ENCRYPTION_PURPOSE, type Secrets } from './encryption.ts';

/** Every process has asked for the keys by then: see `watchKeys`. */
const HEAD_START_SECONDS = 3;
/** What was signed at the last moment still has its whole life. */
const SLACK_SECONDS = 3_600;

/**
 * Adds a key that signs from three seconds on. Those before it verify until all that they signed
 * has expired, `configuredId`, the one of the configuration, too; what ended long ago is dropped.
 */
export async function rotateSigningKeys(
  { identity, secrets }: { identity: Pick<IdentityDatabase, 'write'>; secrets: Secrets },
  { configuredId, longestTtlSeconds }: { configuredId: string; longestTtlSeconds: number },
): Promise<string> {
  const id = `key-${newId('key').slice(4)}`;
  const sealed = secrets.encrypt(ENCRYPTION_PURPOSE, randomBytes(32).toString('base64url'), id);
  await identity.write({}, async (tx) => {
    await tx.execute(sql`lock table signing_keys in share row exclusive mode`);
    await tx.execute(sql`
      insert into signing_keys (id, signs_from) values (${configuredId}, 'epoch')
      on conflict (id) do nothing`);
    await tx.execute(sql`
      update signing_keys set ends_at = now()
        + ${HEAD_START_SECONDS + longestTtlSeconds + SLACK_SECONDS} * interval '1 second'
      where ends_at is null`);
    await tx.execute(sql`
      insert into signing_keys (id, sealed, signs_from)
      values (${id}, ${sealed}, now() + ${HEAD_START_SECONDS} * interval '1 second')`);
    await tx.execute(sql`
      delete from signing_keys
      where sealed is not null and ends_at < now() - interval '1 day'`);
  });
  return id;
}
