import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { newId } from '@insightdesk/shared/utils';
import { generateSecret, hashSecret } from './api-key-secret.ts';
import { apiKeySecrets } from './tables.ts';

/** Creates a secret of a key; the database stores only its hash. */
export async function createSecret(
  { tx, tenantId }: TenantContext,
  key: { id: Id<'key'>; expiresAt: Date },
): Promise<string> {
  const id = newId('ses');
  const secret = generateSecret({ tenantId, secretId: id });
  const row = { tenantId, id, keyId: key.id, hash: hashSecret(secret), expiresAt: key.expiresAt };
  await tx.insert(apiKeySecrets).values(row);
  return secret;
}
