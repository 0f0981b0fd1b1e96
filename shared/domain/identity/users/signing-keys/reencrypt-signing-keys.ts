import { sql } from 'drizzle-orm';
import { ENCRYPTION_PURPOSE, type IdentityDatabase, type Secrets } from './encryption.ts';

/** Encrypts outdated signing keys with the current encryption key; returns their number. */
export function reencryptSigningKeys({
  identity,
  secrets,
}: {
  identity: Pick<IdentityDatabase, 'write'>;
  secrets: Secrets;
}): Promise<number> {
  return identity.write({}, async (tx) => {
    const rows = await tx.execute<{ id: string; sealed: string }>(
      sql`select id, sealed from signing_keys where sealed is not null for update`,
    );
    const outdated = rows.filter(({ sealed }) => !secrets.isCurrent(sealed));
    for (const { id, sealed } of outdated) {
      const current = secrets.encrypt(
        ENCRYPTION_PURPOSE,
        secrets.decrypt(ENCRYPTION_PURPOSE, sealed, id),
        id,
      );
      await tx.execute(sql`update signing_keys set sealed = ${current} where id = ${id}`);
    }
    return outdated.length;
  });
}
