import type { CommandApp } from '@insightdesk/shared/boot';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { renewClientSecrets } from '@insightdesk/shared/domain/identity/identity-providers';
import { renewTotpSecrets } from '@insightdesk/shared/domain/identity/mfa';
import { renewSigningKeys } from '@insightdesk/shared/domain/identity/users';
import { renewSecrets } from '@insightdesk/shared/domain/integrations/webhooks';
import type { KeptPurpose } from '@insightdesk/shared/security';
import { operatorContext } from './operator-context.ts';

const PAGE = 500;

/** Each kind of secret that is kept: gives how many were not encrypted by the key of now. */
export const renewals = {
  'signing-key': ({ parts }) => renewSigningKeys(parts),
  webhook: (app) => renewEach(app, 'webhooks', renewSecrets),
  totp: ({ parts }) => renewTotpSecrets(parts),
  'oauth-client': (app) => renewEach(app, 'identity_providers', renewClientSecrets),
} satisfies Record<KeptPurpose, (app: CommandApp) => Promise<number>>;

/**
 * Encrypts what is kept by the ENCRYPTION_KEY of now, after which ENCRYPTION_KEYS_PREVIOUS may go.
 * What is done is done: stopped, it goes on with the rest when it is called again.
 */
export async function reencrypt(app: CommandApp): Promise<void> {
  for (const [purpose, renew] of Object.entries(renewals)) {
    console.log(`${purpose}: ${await renew(app)}`);
  }
}

/** One organisation after the other, of those that have rows in the table. */
async function renewEach(
  app: CommandApp,
  table: 'webhooks' | 'identity_providers',
  renew: typeof renewSecrets,
): Promise<number> {
  const ctx = operatorContext(app, undefined);
  let count = 0;
  for await (const tenantId of tenantsIn(app.parts, table)) {
    count += await renew({ ...ctx, tenantId });
  }
  return count;
}

async function* tenantsIn(
  { database }: Pick<CommandApp['parts'], 'database'>,
  table: 'webhooks' | 'identity_providers',
): AsyncGenerator<Id<'org'>> {
  for (let after = fromUuid('org', '00000000-0000-0000-0000-000000000000'); ; ) {
    const rows = await database.write('system', (tx) =>
      tx.execute<{ tenant_id: string }>(`select distinct tenant_id from ${table}
        where tenant_id > '${toUuid(after)}' order by tenant_id limit ${PAGE}`),
    );
    const ids = rows.map((row) => fromUuid('org', row.tenant_id));
    yield* ids;
    const last = ids.at(-1);
    if (!last || ids.length < PAGE) return;
    after = last;
  }
}
