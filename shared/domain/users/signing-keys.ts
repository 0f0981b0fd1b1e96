import { randomBytes } from 'node:crypto';
import type { Connections } from '@insightdesk/shared/context';
import type { StoredKey } from '@insightdesk/shared/security';
import { newId } from '@insightdesk/shared/utils';
import { sql } from 'drizzle-orm';

type Identity = Connections['identity'];
type Secrets = Connections['secrets'];

const PURPOSE = 'signing-key';
/** Every process has asked for the keys by then: see `watchKeys`. */
const HEAD_START_SECONDS = 3;
/** What was signed at the last moment still has its whole life. */
const SLACK_SECONDS = 3_600;

/** All stored keys, in the order in which they begin to sign. */
export async function loadSigningKeys(
  database: Pick<Identity, 'read'>,
  secrets: Secrets,
): Promise<StoredKey[]> {
  const rows = await database.read({}, (tx) =>
    tx.execute<{ id: string; sealed: string | null; isSigning: boolean; hasEnded: boolean }>(sql`
      select id, sealed, signs_from <= now() as "isSigning",
        coalesce(ends_at <= now(), false) as "hasEnded"
      from signing_keys order by signs_from, id`),
  );
  return rows.map(({ sealed, ...row }) => ({
    ...row,
    master: sealed === null ? undefined : secrets.decrypt(PURPOSE, sealed, row.id),
  }));
}

/** A key as operators see it. */
export interface KeyState {
  id: string;
  isConfigured: boolean;
  createdAt: Date;
  signsFrom: Date;
  endsAt: Date | null;
}

/** The keys as they stand, the newest first. */
export async function listSigningKeys(identity: Pick<Identity, 'read'>): Promise<KeyState[]> {
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

/**
 * Adds a key that signs from three seconds on. Those before it verify until all that they signed
 * has expired, `configuredId`, the one of the configuration, too; what ended long ago is dropped.
 */
export async function rotateSigningKeys(
  { identity, secrets }: { identity: Pick<Identity, 'write'>; secrets: Secrets },
  { configuredId, longestTtlSeconds }: { configuredId: string; longestTtlSeconds: number },
): Promise<string> {
  const id = `key-${newId('key').slice(4)}`;
  const sealed = secrets.encrypt(PURPOSE, randomBytes(32).toString('base64url'), id);
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

/** Encrypts the keys by the encryption key of now; gives how many were not. */
export function renewSigningKeys({
  identity,
  secrets,
}: {
  identity: Pick<Identity, 'write'>;
  secrets: Secrets;
}): Promise<number> {
  return identity.write({}, async (tx) => {
    const rows = await tx.execute<{ id: string; sealed: string }>(
      sql`select id, sealed from signing_keys where sealed is not null for update`,
    );
    const outdated = rows.filter(({ sealed }) => !secrets.isCurrent(sealed));
    for (const { id, sealed } of outdated) {
      const renewed = secrets.encrypt(PURPOSE, secrets.decrypt(PURPOSE, sealed, id), id);
      await tx.execute(sql`update signing_keys set sealed = ${renewed} where id = ${id}`);
    }
    return outdated.length;
  });
}
