import type { CommandApp } from '@insightdesk/shared/boot';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import { readPages } from '@insightdesk/shared/database';
import { reencryptIdentityKeys } from '@insightdesk/shared/domain/identity/customer-sign-in';
import { reencryptClientSecrets } from '@insightdesk/shared/domain/identity/identity-providers';
import { reencryptTotpSecrets } from '@insightdesk/shared/domain/identity/mfa';
import { reencryptSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { resealSecrets } from '@insightdesk/shared/domain/integrations/webhooks';
import type { StoredPurpose } from '@insightdesk/shared/security';
import { operatorContext } from './operator.ts';

type SecretTable = 'webhooks' | 'identity_providers' | 'identity_keys';

const PAGE = 500;
const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** Each kind of secret that is kept: gives how many were not encrypted by the key of now. */
export const reencryptions = {
  'signing-key': ({ container }) => reencryptSigningKeys(container),
  webhook: (app) => reencryptEach(app, 'webhooks', resealSecrets),
  totp: ({ container }) => reencryptTotpSecrets(container.connections),
  'oauth-client': (app) => reencryptEach(app, 'identity_providers', reencryptClientSecrets),
  'identity-key': (app) => reencryptEach(app, 'identity_keys', reencryptIdentityKeys),
} satisfies Record<StoredPurpose, (app: CommandApp) => Promise<number>>;

/**
 * Encrypts what is kept by the ENCRYPTION_KEY of now, after which ENCRYPTION_KEYS_PREVIOUS may go.
 * What is done is done: stopped, it goes on with the rest when it is called again.
 */
export async function reencrypt(app: CommandApp): Promise<void> {
  for (const [purpose, reencryptOne] of Object.entries(reencryptions)) {
    console.log(`${purpose}: ${await reencryptOne(app)}`);
  }
}

/** One organization after the other, of those that have rows in the table. */
async function reencryptEach(
  app: CommandApp,
  table: SecretTable,
  reencryptOne: typeof resealSecrets,
): Promise<number> {
  const ctx = operatorContext(app, undefined);
  let count = 0;
  for await (const tenantId of listTenantsWith(app.container, table)) {
    count += await reencryptOne({ ...ctx, tenantId });
  }
  return count;
}

async function* listTenantsWith(
  { database }: Pick<CommandApp['container'], 'database'>,
  table: SecretTable,
): AsyncGenerator<Id<'org'>> {
  const rows = readPages<{ tenant_id: string }>(PAGE, (last) =>
    database.write('system', (tx) =>
      tx.execute(`select distinct tenant_id from ${table}
        where tenant_id > '${last?.tenant_id ?? NIL_UUID}' order by tenant_id limit ${PAGE}`),
    ),
  );
  for await (const { tenant_id } of rows) yield fromUuid('org', tenant_id);
}
