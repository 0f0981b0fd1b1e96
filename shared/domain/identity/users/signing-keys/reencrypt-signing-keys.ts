import { sql } from 'drizzle-orm';
import { ENCRYPTION_PURPOSE, type Encryption, type IdentityDatabase } from './encryption.ts';

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
